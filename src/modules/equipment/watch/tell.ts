/** Words for single members over the sockets that they have open to the board. */

import { floorOf } from "../objects.ts";

/** Those of these members who would hear something now. */
export const presentMembers = (makerspace_id: string, member_ids: readonly string[]): Promise<string[]> =>
  floorOf(makerspace_id).present(member_ids);

/** Says a text to each member's own sockets; whoever has none hears nothing. */
export const tellMembers = (
  makerspace_id: string,
  messages: readonly { member_id: string; text: string }[],
): Promise<number> => floorOf(makerspace_id).tell(messages);
