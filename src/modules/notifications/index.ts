/** Notifications: what happened, told to whom it concerns. */

import { inboxRoutes } from "./inbox/routes.ts";
import { preferenceRoutes } from "./preferences/routes.ts";

export { notificationConsumers } from "./consumers.ts";

export const notificationRoutes = [...inboxRoutes, ...preferenceRoutes];
