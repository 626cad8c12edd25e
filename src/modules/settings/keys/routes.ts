import { platformRoute } from "../../../platform/route.ts";
import { SealingKeys } from "./contract.ts";
import { readKeys, rotateKeys } from "./service.ts";

const base = { tag: "settings", path: "/api/v1/sealing_keys", allow: "super_admin", response: SealingKeys } as const;

export const keyRoutes = [
  platformRoute(
    {
      ...base,
      operation_id: "get_sealing_keys",
      method: "get",
      summary: "The keys that seal secrets, and how many secrets lie under each",
    },
    () => readKeys(),
  ),
  platformRoute(
    {
      ...base,
      operation_id: "rotate_sealing_keys",
      method: "post",
      path: "/api/v1/sealing_keys/rotate",
      summary: "Seal every secret anew under the newest key",
      description: "Goes on in the background and by itself each quarter of an hour; `remaining` falls to 0.",
      status: 202,
    },
    (caller) => rotateKeys(caller.now),
  ),
];
