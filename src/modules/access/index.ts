/** Access: API tokens, service accounts, and the ends of sign-ins. */

import { apiTokenRoutes } from "./api_tokens/routes.ts";
import type { AccessEffects } from "./port.ts";
import { serviceAccountRoutes } from "./service_accounts/routes.ts";
import { signOutRoutes } from "./sign_out/routes.ts";

export { apiTokenSource } from "./api_tokens/source.ts";
export { accessConsumers } from "./consumers.ts";
export { forgetTokens } from "./erasure.ts";
export { revokeTokensOfMerged } from "./merges.ts";
export { accessPersonalData } from "./personal.ts";
export { accountStands } from "./service_accounts/stands.ts";

export const accessRoutes = (effects: AccessEffects) => [
  ...apiTokenRoutes(effects),
  ...serviceAccountRoutes(effects),
  ...signOutRoutes(effects),
];
