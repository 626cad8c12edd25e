/** Members: who belongs to a makerspace, with which role and duties. */

export {
  concerning,
  type OutstandingAgreement,
  outstandingAgreements,
  outstandingAgreementsOfUser,
} from "./agreements/outstanding.ts";
export { agreementRoutes } from "./agreements/routes.ts";
export { banRoutes } from "./bans/routes.ts";
export { billingGroupRoutes } from "./billing_groups/routes.ts";
export { bulkRoutes } from "./bulk/routes.ts";
export { memberConsumers } from "./consumers.ts";
export { exportMemberDataJob } from "./data_exports/job.ts";
export { dataExportRoutes } from "./data_exports/routes.ts";
export { documentRounds } from "./documents/due.ts";
export { deleteDocumentFiles } from "./documents/erasure.ts";
export { documentRoutes } from "./documents/routes.ts";
export { dutyRoutes } from "./duties/routes.ts";
export { emergencyContactRoutes } from "./emergency_contacts/routes.ts";
export { erasureConsumers, erasuresEachQuarter } from "./erasure/due.ts";
export { directoryWork, eraseMemberJob } from "./erasure/job.ts";
export type { ErasurePorts } from "./erasure/port.ts";
export { erasureRoutes } from "./erasure/routes.ts";
export { forgetSearchNightly } from "./erasure/search.ts";
export type { CareEventType } from "./events.ts";
export { guestRounds } from "./guests/due.ts";
export { rezoneVisits } from "./guests/rezone.ts";
export { guestRoutes } from "./guests/routes.ts";
export { inviteConsumers, inviteRounds, tidyInvitesEachQuarter } from "./invites/due.ts";
export { importInvitesJob } from "./invites/import.ts";
export { inviteTemplates } from "./invites/mails.ts";
export { inviteRoutes } from "./invites/routes.ts";
export { joinRoutes } from "./join/routes.ts";
export { meRoutes } from "./me/routes.ts";
export { acrossShards, belongings } from "./me/service.ts";
export { membershipConsumers } from "./memberships/consumers.ts";
export { countedCycleAt, cycleAt } from "./memberships/cycles.ts";
export { membershipRounds } from "./memberships/due.ts";
export type { MembershipEventType } from "./memberships/events.ts";
export {
  type BookingRights,
  bookingRights,
  bookingRightsOfUser,
  isCovered,
  planPriorities,
} from "./memberships/rights.ts";
export { membershipRoutes } from "./memberships/routes.ts";
export { mergeRoutes } from "./merge/routes.ts";
export { minorRounds } from "./minors/due.ts";
export {
  type Guardianship,
  guardianship,
  guardianshipOfUser,
  needsConsent,
} from "./minors/guardianship.ts";
export { minorRoutes } from "./minors/routes.ts";
export { activeMemberIds, contactsOf, onDuty, planExists, staffIds } from "./people/audience.ts";
export { findMember, memberById, memberIdOfUser, membershipById, membershipSource } from "./people/reads.ts";
export { memberRoutes } from "./people/routes.ts";
export { memberPersonalData } from "./personal.ts";
export { planRoutes } from "./plans/routes.ts";
export { defaultPlanWrites } from "./plans/service.ts";
export { type MachineCheck, type MemberEffects, type MemberMove, recordedAsDue } from "./port.ts";
export { statisticsRoutes } from "./statistics/routes.ts";
export { exportMembersJob } from "./transfer/export.ts";
export { importMembersJob } from "./transfer/import.ts";
export { transferRoutes } from "./transfer/routes.ts";
