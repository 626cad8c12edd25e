/** What this module's tables hold of people. */

import { namesStaff, type PersonalTable, personal } from "../../platform/personal-data.ts";
import { apiTokens, serviceAccounts } from "./tables.ts";

export const accessPersonalData: readonly PersonalTable[] = [
  personal(apiTokens, {
    about: "API tokens that act as you; the tokens themselves are kept nowhere.",
    whose: { member_id: "member" },
    bare: ["created_by"],
    exported: ["id", "name", "permissions", "last4", "expires_at", "last_used_at", "revoked_at", "created_at"],
    erasure: { how: "delete" },
  }),
  namesStaff(serviceAccounts, "created_by"),
];
