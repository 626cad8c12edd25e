/** Equipment: machines, their reservations and sessions, live sockets and tablets. */

import { reconcileRoute } from "./machines/reconcile-route.ts";
import { machineRoutes } from "./machines/routes.ts";
import { reservationRoutes } from "./reservations/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { tabletRoutes } from "./tablets/routes.ts";
import { watchRoutes } from "./watch/routes.ts";

export const equipmentRoutes = [
  ...machineRoutes,
  ...reservationRoutes,
  ...sessionRoutes,
  ...watchRoutes,
  ...tabletRoutes,
  reconcileRoute,
];

export type {
  ReservationEventType,
  SessionEventType,
} from "./events.ts";
export { defaultPolicy, holderDisplays } from "./model.ts";
export {
  type BookingDefaults,
  BookingPolicySchema,
  bookingDefaults,
  isConsistent,
  makerspacePart,
  pushPolicies,
  queuePolicyPushes,
} from "./policy.ts";
export { pushPoliciesEachMinute, reconcileConsumers, reconcileJob, reconcileNightly } from "./reconcile.ts";
export { suspensionConsumers, sweepAtOnce } from "./sweeps.ts";
export { verifyTablet } from "./tablets/service.ts";
