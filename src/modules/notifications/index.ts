/** Notifications: what happened, told to whom it concerns. */

export { notificationConsumers } from "./consumers.ts";
export { inboxRoutes as notificationRoutes } from "./inbox/routes.ts";
