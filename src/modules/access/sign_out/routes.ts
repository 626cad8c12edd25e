import { platformRoute, publicRoute } from "../../../platform/route.ts";
import type { AccessEffects } from "../port.ts";
import { BackchannelLogoutInput, SignOutInput } from "./contract.ts";
import { signOut, takeLogoutToken } from "./service.ts";

const tag = "members";

export const signOutRoutes = (effects: AccessEffects) => [
  platformRoute(
    {
      operation_id: "sign_out",
      tag,
      method: "post",
      path: "/api/v1/me/logout",
      summary: "Sign out: this sign-in, or everywhere; live sockets close",
      description: "Tokens are refused from the next request on. The session at the issuer is the issuer's to end.",
      allow: { signed_in: "Everybody may go." },
      body: SignOutInput,
      body_optional: true,
      no_store: true,
      status: 204,
    },
    (caller, { body }) => signOut(caller, body.everywhere, effects),
  ),
  publicRoute(
    {
      operation_id: "backchannel_logout",
      tag,
      method: "post",
      path: "/api/v1/oidc/backchannel_logout",
      summary: "An issuer says that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)",
      public_because: "The logout token, signed by the issuer and taken once, is the credential.",
      body: BackchannelLogoutInput,
      body_is_form: true,
      no_store: true,
      status: 200,
      problems: ["invalid_logout_token"],
    },
    (visitor, { body }) => takeLogoutToken(visitor, body.logout_token, effects),
  ),
];
