import { spaceRoute } from "../../../platform/route.ts";
import type { MemberEffects } from "../port.ts";
import { Ban, BanInput, BanPage, BanQuery } from "./contract.ts";
import { createBan, liftBan, listBans, readBan } from "./service.ts";

const tag = "members";

export const banRoutes = (effects: MemberEffects) => [
  spaceRoute(
    {
      operation_id: "create_ban",
      tag,
      method: "post",
      path: "/bans",
      summary: "Ban somebody: a member is removed, an address is not admitted",
      description:
        "Kept is a hash under a key that this database does not hold, of the address and of the user; it outlives an erasure. Who is banned cannot register, be added, imported, invited, or let back in: 403 `banned`.",
      permission: "bans.manage",
      body: BanInput,
      status: 201,
      response: Ban,
      problems: ["already_banned", "illegal_transition", "last_administrator", "payer_of_group", "conflict"],
    },
    (space, { body }) => createBan(space, body, effects),
  ),
  spaceRoute(
    {
      operation_id: "list_bans",
      tag,
      method: "get",
      path: "/bans",
      summary: "Bans, newest first: why and until when, never of whom",
      permission: "bans.read",
      query: BanQuery,
      response: BanPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listBans(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_ban",
      tag,
      method: "get",
      path: "/bans/{ban_id}",
      summary: "One ban",
      permission: "bans.read",
      response: Ban,
    },
    (space, { params }) => readBan(space, params.ban_id),
  ),
  spaceRoute(
    {
      operation_id: "lift_ban",
      tag,
      method: "delete",
      path: "/bans/{ban_id}",
      summary: "Lift a ban: the hash goes; who was removed may ask to come back",
      permission: "bans.manage",
      status: 204,
    },
    (space, { params }) => liftBan(space, params.ban_id),
  ),
];
