/** Equipment: machines, their reservations and sessions, live sockets and tablets. */

import { accessRoutes } from "./access/routes.ts";
import { bundleRoutes } from "./bundles/routes.ts";
import { calendarRoutes } from "./calendars/routes.ts";
import { chargeRoutes } from "./charges/routes.ts";
import { closureRoutes } from "./closures/routes.ts";
import { costRuleRoutes } from "./cost_rules/routes.ts";
import { faultReportRoutes } from "./fault_reports/routes.ts";
import { machineFileRoutes } from "./files/routes.ts";
import { holdRoutes } from "./holds/routes.ts";
import { labelRoutes } from "./labels/routes.ts";
import { machineRoutes } from "./machines/routes.ts";
import { outageRoutes } from "./outages/routes.ts";
import { priceRoutes } from "./prices/routes.ts";
import { ratingRoutes } from "./ratings/routes.ts";
import { reconciliationRoutes } from "./reconciliations/routes.ts";
import { reservationRoutes } from "./reservations/routes.ts";
import { seriesRoutes } from "./series/routes.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { tabletRoutes } from "./tablets/routes.ts";
import { waitlistRoutes } from "./waitlist/routes.ts";
import { watchRoutes } from "./watch/routes.ts";

export const equipmentRoutes = [
  // Before the machine itself: its path is no machine's id.
  ...labelRoutes,
  ...machineRoutes,
  ...machineFileRoutes,
  ...faultReportRoutes,
  ...ratingRoutes,
  ...accessRoutes,
  ...costRuleRoutes,
  ...priceRoutes,
  ...chargeRoutes,
  ...reservationRoutes,
  ...holdRoutes,
  ...seriesRoutes,
  ...outageRoutes,
  ...bundleRoutes,
  ...closureRoutes,
  ...waitlistRoutes,
  ...sessionRoutes,
  ...watchRoutes,
  ...tabletRoutes,
  ...calendarRoutes,
  ...reconciliationRoutes,
];

export { chargeConsumers, keptAsDue } from "./charges/consumers.ts";
export { claimRounds } from "./claims/sweep.ts";
export { forgetAtMachines, machinesInUse } from "./erasure.ts";
export type {
  FaultEventType,
  MachineEventType,
  OfferEventType,
  OutageEventType,
  ReminderEventType,
  ReservationEventType,
  SeriesEventType,
  SessionEventType,
} from "./events.ts";
export { faultReportFiles } from "./fault_reports/owner.ts";
export { machineFileOwners } from "./files/owners.ts";
export { tidyHolds } from "./holds/service.ts";
export type { NotificationMessage } from "./live.ts";
export { machineNames, unknownMachines } from "./machines/index.ts";
export { isBusy, moveMachines } from "./merges.ts";
export {
  cancellers,
  defaultPolicy,
  equipmentStatuses,
  holderDisplays,
  outageStatuses,
  reservationStatuses,
} from "./model.ts";
export { nameConsumers } from "./names.ts";
export { moveConsumers } from "./outages/moves.ts";
export { equipmentPersonalData } from "./personal.ts";
export {
  type BookingDefaults,
  BookingPolicySchema,
  bookingDefaults,
  contradictingMachines,
  isConsistent,
  sharedParts,
} from "./policy.ts";
export { hoursEffects, policyRounds, pushPolicies, queuePolicyPushes } from "./pushes.ts";
export { reconcileConsumers, reconcileJob, reconcileNightly } from "./reconciliations/service.ts";
export { reminderRounds } from "./reminders.ts";
export { holdersOn } from "./reservations/holders.ts";
export { skillLossConsumers, sweepSkillAtOnce } from "./skill-losses.ts";
export { closeAtOnce, SWEEPER, suspensionConsumers, sweepAtOnce } from "./sweeps.ts";
export { verifyTablet } from "./tablets/service.ts";
export { waitlistConsumers } from "./waitlist/consumers.ts";
export { expireEntries } from "./waitlist/expire.ts";
export { closeSockets } from "./watch/service.ts";
export { presentMembers, tellMembers } from "./watch/tell.ts";
