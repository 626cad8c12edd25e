/** How many mails of invites go out: to one address, and of one makerspace. */

import { env } from "cloudflare:workers";
import { sha256 } from "../../../platform/ids.ts";
import { attemptsOf } from "../../../platform/objects.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY, HOUR } from "../../../platform/time.ts";

/** To one address: enough for typing errors, too few to be a nuisance. */
export const MAILS_PER_ADDRESS_AND_HOUR = 10;

/** Of one makerspace: two full imports and what goes out by hand. */
export const MAILS_PER_DAY = 1_200;

/** Counts the mail of an invite before it is ordered. @throws rate_limited for an address that had its mails, or a makerspace that sent its own */
export async function countMail(space: Space, email: string): Promise<void> {
  const take = async (name: string, limit: number, window_ms: number): Promise<void> => {
    const { allowed, retry_after } = await attemptsOf(env.ATTEMPTS, name).take(limit, window_ms);
    if (!allowed) throw problem("rate_limited", { retry_after });
  };
  // The name of a counter tells nobody the address.
  await take(`invite-mail:${await sha256(`${space.id}:${email}`)}`, MAILS_PER_ADDRESS_AND_HOUR, HOUR);
  await take(`invite-mails:${space.id}`, MAILS_PER_DAY, DAY);
}
