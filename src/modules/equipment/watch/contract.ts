import { z } from "@hono/zod-openapi";
import { Instant } from "../../../platform/contract.ts";

export const LiveTicket = z
  .strictObject({
    ticket: z.string().openapi({ description: "Single use, 30 seconds." }),
    url: z.string().openapi({ description: "Open a WebSocket here; add `&resume=<seq>` after a reconnect." }),
    expires_at: Instant,
  })
  .openapi("LiveTicket");
