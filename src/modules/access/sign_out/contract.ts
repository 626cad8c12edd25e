import { z } from "@hono/zod-openapi";

export const SignOutInput = z
  .strictObject({
    everywhere: z
      .boolean()
      .default(false)
      .openapi({ description: "Every token of yours issued so far, on every device; API tokens stay." }),
  })
  .openapi("SignOutInput");

/** Issuers may send more than they must. */
export const BackchannelLogoutInput = z
  .looseObject({ logout_token: z.string().min(16).max(16_384) })
  .openapi("BackchannelLogoutInput");
