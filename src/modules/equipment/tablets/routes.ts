import { publicRoute, spaceRoute } from "../../../platform/route.ts";
import { PairedTablet, PairInput, PairingTablet, Tablet, TabletInput, TabletPage, TabletQuery } from "./contract.ts";
import { createTablet, listTablets, pairTablet, readTablet, revokeTablet } from "./service.ts";

const tag = "equipment";

export const tabletRoutes = [
  spaceRoute(
    {
      operation_id: "create_tablet",
      tag,
      method: "post",
      path: "/tablets",
      summary: "Announce a tablet; its pairing code is good for 10 minutes, once",
      permission: "tablets.manage",
      body: TabletInput,
      status: 201,
      response: PairingTablet,
      problems: ["unknown_reference"],
    },
    (space, { body }) => createTablet(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_tablets",
      tag,
      method: "get",
      path: "/tablets",
      summary: "Tablets, newest first",
      permission: "tablets.read",
      query: TabletQuery,
      response: TabletPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listTablets(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_tablet",
      tag,
      method: "get",
      path: "/tablets/{tablet_id}",
      summary: "One tablet",
      permission: "tablets.read",
      response: Tablet,
    },
    (space, { params }) => readTablet(space, params.tablet_id),
  ),
  spaceRoute(
    {
      operation_id: "revoke_tablet",
      tag,
      method: "delete",
      path: "/tablets/{tablet_id}",
      summary: "Revoke a tablet; its sockets close at once",
      permission: "tablets.manage",
      status: 204,
    },
    (space, { params }) => revokeTablet(space, params.tablet_id),
  ),
  publicRoute(
    {
      operation_id: "pair_tablet",
      tag,
      method: "post",
      path: "/api/v1/tablets/pair",
      summary: "Trade a pairing code for the device's token",
      public_because: "The code, good once and for ten minutes, is the credential.",
      body: PairInput,
      status: 201,
      response: PairedTablet,
      problems: ["code_used"],
    },
    (visitor, { body }) => pairTablet(visitor, body.code),
  ),
];
