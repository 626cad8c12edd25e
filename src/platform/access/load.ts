/** What every way into a makerspace shares: what it is given, and the one trip that reads it. */

import { TenantLeak } from "../db/driver.ts";
import { type ReadBuilder, readTogether } from "../db/ready.ts";
import type { SpaceStore } from "../db/store.ts";
import { describeError, log } from "../log.ts";
import { Problem, problem } from "../problem.ts";
import type { Space } from "../space.ts";
import type { ApiTokenSource } from "./api-tokens.ts";
import type { BatchRead, Membership, MembershipSource, SettingsSource } from "./membership.ts";
import type { Permission } from "./permissions.ts";
import type { TabletPrincipal } from "./principal.ts";

/** Finds the tablet behind a device token; the floor object answers, so it works with D1 down. */
export type TabletVerifier = (token: string) => Promise<TabletPrincipal | null>;

/** What the platform is given by the modules. */
export interface AccessSources {
  membership: MembershipSource;
  settings: SettingsSource;
  tablet: TabletVerifier;
  tokens: ApiTokenSource;
}

/** Reads that a route wants in the authorisation trip: name → statement, made from the makerspace and the path. */
export type FactReads = Readonly<Record<string, ReadBuilder>>;

export interface SpaceRequest {
  makerspace_id: string;
  permission: Permission;
  /** Whether paired tablets may ask for it. */
  tablets: boolean;
  facts: FactReads;
  params: Readonly<Record<string, string>>;
  request_id: string;
  now: number;
  defer: (work: Promise<unknown>) => void;
}

export interface OpenedSpace {
  space: Space;
  facts: Record<string, unknown>;
}

type Reads = Readonly<Record<string, BatchRead<unknown>>>;
type Loaded<R extends Reads> = { [K in keyof R]: ReturnType<R[K]["read"]> };

/** Facts about the person who calls find nobody where no person does. */
const nobody = { user_id: "" };

/** Reads and facts in one trip. */
export async function load<R extends Reads>(
  store: SpaceStore,
  request: Pick<SpaceRequest, "facts" | "params">,
  reads: R,
  who: Readonly<Record<string, string>>,
): Promise<Loaded<R> & { facts: Record<string, unknown> }> {
  const named = Object.entries(reads);
  const facts = Object.entries(request.facts);
  const builders = [...named.map(([, { build }]) => build), ...facts.map(([, build]) => build)];
  const rows = await readTogether(store, builders, { ...nobody, ...request.params, ...who });
  const read = Object.fromEntries(named.map(([name, one], index) => [name, one.read(rows[index])])) as Loaded<R>;
  const found = facts.map(([name], index) => [name, rows[named.length + index]]);
  return { ...read, facts: Object.fromEntries(found) as Record<string, unknown> };
}

/** D1 away before the decision is 503; problems and bugs of ours pass. */
export async function fromDatabase<T>(work: Promise<T>, request_id: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if ([Problem, TenantLeak, TypeError, ReferenceError].some((kind) => error instanceof kind)) throw error;
    log.error("authorisation_unavailable", { request_id, error: describeError(error) });
    throw problem("unavailable", { retry_after: 2 });
  }
}

/** A membership that does not let its member in, however they come. @throws membership_suspended, membership_pending */
export function refuseStanding({ status }: Membership): void {
  if (status === "suspended") throw problem("membership_suspended");
  if (status === "pending") throw problem("membership_pending");
}
