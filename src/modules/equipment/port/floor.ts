/** The door to the makerspace's board, which is the home of its tablets, too. */

import type { Audience } from "../live.ts";
import type { TicketGrant } from "./tickets.ts";

/** The live board of a makerspace, and the home of its tablets' credentials (so that a tablet works with D1 down). */
export interface FloorPort {
  /** Newest state wins; each audience has its own. */
  publish(update: FloorUpdate): Promise<void>;
  /** A machine gained its first or lost its last watcher. */
  watched(equipment_id: string, watched: boolean): Promise<void>;
  /** Machines that somebody watches now. */
  watchedMachines(): Promise<string[]>;
  /** @returns false for a tablet that is not paired any more. */
  grantTicket(grant: TicketGrant & { equipment_ids: string[] | null }): Promise<boolean>;
  /** Whether a tablet has a credential still. */
  isPaired(tablet_id: string): Promise<boolean>;
  closeSockets(principals: readonly TicketGrant["principal"][], reason: string): Promise<number>;
  putTablet(tablet: TabletCredential): Promise<void>;
  /** The tablet behind a token's digest, or null when it was revoked or never was. */
  tablet(tablet_id: string, token_digest: string): Promise<TabletCredential | null>;
  revokeTablet(tablet_id: string): Promise<void>;
  /** Those of these members who have a socket open here. */
  present(member_ids: readonly string[]): Promise<string[]>;
  /** Says something to the sockets of single members, and to nobody else's. @returns how many sockets heard it. */
  tell(messages: readonly { member_id: string; text: string }[]): Promise<number>;
}

export interface FloorUpdate {
  equipment_id: string;
  seq: number;
  /** A retired machine leaves the board. */
  removed: boolean;
  /** JSON of MachineState without `mine`, one per audience. */
  states: Record<Audience, string>;
}

export interface TabletCredential {
  tablet_id: string;
  token_digest: string;
  equipment_ids: string[];
  label: string;
}
