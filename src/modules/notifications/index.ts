/** Notifications: what happened, told to whom it concerns. */

import { announcementRoutes } from "./announcements/routes.ts";
import { inboxRoutes } from "./inbox/routes.ts";
import { preferenceRoutes } from "./preferences/routes.ts";

export { announcementConsumers, announcementRounds } from "./announcements/deliver.ts";
export { notificationConsumers } from "./consumers.ts";
export { inboxRounds } from "./inbox/tidy.ts";
export { deferredMailRounds } from "./mail/order.ts";
export { notificationTemplates } from "./mail/template.ts";

export { notificationPersonalData } from "./personal.ts";

export { answerBy } from "./preferences/service.ts";

export const notificationRoutes = [...announcementRoutes, ...inboxRoutes, ...preferenceRoutes];
export { moveInbox } from "./merges.ts";
