import { z } from "@hono/zod-openapi";

export const SealingKeys = z
  .strictObject({
    newest: z.string().openapi({ description: "Id of the key that seals from now on." }),
    keys: z.array(
      z.strictObject({
        id: z.string(),
        configured: z.boolean().openapi({ description: "False: what it sealed cannot be opened until it is back." }),
        secrets: z.int().openapi({ description: "How many secrets lie under it; an older key with none may go." }),
      }),
    ),
    remaining: z.int().openapi({ description: "Secrets under another key than the newest." }),
  })
  .openapi("SealingKeys");
