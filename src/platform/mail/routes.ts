import { spaceRoute } from "../route.ts";
import { MailDelivery, MailDeliveryPage, MailDeliveryQuery } from "./contract.ts";
import { listDeliveries, readDelivery, retryDelivery } from "./service.ts";

const base = { tag: "platform" } as const;

export const mailRoutes = [
  spaceRoute(
    {
      ...base,
      operation_id: "list_mail_deliveries",
      method: "get",
      path: "/mail_deliveries",
      summary: "What became of mail, newest first; never what it said, nor its address",
      permission: "operations.read",
      query: MailDeliveryQuery,
      response: MailDeliveryPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listDeliveries(space, query),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "get_mail_delivery",
      method: "get",
      path: "/mail_deliveries/{delivery_id}",
      summary: "One delivery",
      permission: "operations.read",
      response: MailDelivery,
    },
    (space, { params }) => readDelivery(space, params.delivery_id),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "retry_mail_delivery",
      method: "post",
      path: "/mail_deliveries/{delivery_id}/retry",
      summary: "Try a delivery again that has failed or waits",
      permission: "operations.manage",
      idempotency: "optional",
      response: MailDelivery,
      problems: ["illegal_transition"],
    },
    (space, { params }) => retryDelivery(space, params.delivery_id),
  ),
];
