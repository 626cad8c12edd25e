import { platformRoute, spaceRoute } from "../../../platform/route.ts";
import type { MakerspaceEffects } from "../port.ts";
import { Makerspace, MakerspaceInput, MakerspacePage, MakerspacePatch, MakerspaceQuery } from "./contract.ts";
import { createMakerspace, listMakerspaces, readMakerspace, updateMakerspace } from "./service.ts";

const tag = "settings";

/** Routes of makerspaces; `effects` say what a new one begins with, and what hangs on its clock. */
export const makerspaceRoutes = (effects: MakerspaceEffects) => [
  platformRoute(
    {
      operation_id: "create_makerspace",
      tag,
      method: "post",
      path: "/api/v1/makerspaces",
      summary: "Open a makerspace",
      allow: "super_admin",
      body: MakerspaceInput,
      idempotency: "optional",
      status: 201,
      response: Makerspace,
      problems: ["slug_taken"],
    },
    (caller, { body }) => createMakerspace(caller, body, effects),
  ),
  platformRoute(
    {
      operation_id: "list_makerspaces",
      tag,
      method: "get",
      path: "/api/v1/makerspaces",
      summary: "The makerspaces you belong to; all of them for a super_admin",
      allow: { signed_in: "It lists one's own." },
      query: MakerspaceQuery,
      response: MakerspacePage,
      problems: ["invalid_cursor"],
    },
    (caller, { query }) => listMakerspaces(caller, query),
  ),
  spaceRoute(
    {
      operation_id: "get_makerspace",
      tag,
      method: "get",
      path: "",
      summary: "The makerspace; its settings for those who may read them",
      permission: "space.read",
      response: Makerspace,
    },
    (space) => readMakerspace(space),
  ),
  spaceRoute(
    {
      operation_id: "update_makerspace",
      tag,
      method: "patch",
      path: "",
      summary: "Change settings and booking defaults",
      description: "Existing bookings stay as they are.",
      permission: "settings.manage",
      body: MakerspacePatch,
      if_match: "required",
      response: Makerspace,
      problems: ["conflict"],
    },
    (space, { body, if_match }) => updateMakerspace(space, if_match, body, effects),
  ),
];
