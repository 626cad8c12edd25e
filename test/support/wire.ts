/** Resources as they go over the wire: the types of the contracts themselves. */

import type { z } from "@hono/zod-openapi";
import type {
  ApiToken as ApiTokenSchema,
  NewApiToken as NewApiTokenSchema,
} from "../../src/modules/access/api_tokens/contract.ts";
import type { ServiceAccount as ServiceAccountSchema } from "../../src/modules/access/service_accounts/contract.ts";
import type {
  Bundle as BundleSchema,
  CancelledBundle as CancelledBundleSchema,
} from "../../src/modules/equipment/bundles/contract.ts";
import type { Settlement as SettlementSchema } from "../../src/modules/equipment/charges/contract.ts";
import type { Closure as ClosureSchema } from "../../src/modules/equipment/closures/contract.ts";
import type { CostRule as CostRuleSchema } from "../../src/modules/equipment/cost_rules/contract.ts";
import type { FaultReport as FaultReportSchema } from "../../src/modules/equipment/fault_reports/contract.ts";
import type { MachineFile as MachineFileSchema } from "../../src/modules/equipment/files/contract.ts";
import type { Hold as HoldSchema } from "../../src/modules/equipment/holds/contract.ts";
import type { Equipment as EquipmentSchema } from "../../src/modules/equipment/machines/contract.ts";
import type {
  OutagePlan as OutagePlanSchema,
  Outage as OutageSchema,
} from "../../src/modules/equipment/outages/contract.ts";
import type { PriceEstimate as PriceEstimateSchema } from "../../src/modules/equipment/prices/contract.ts";
import type { Rating as RatingSchema } from "../../src/modules/equipment/ratings/contract.ts";
import type {
  Availability as AvailabilitySchema,
  Reservation as ReservationSchema,
} from "../../src/modules/equipment/reservations/contract.ts";
import type {
  SeriesDetail as SeriesDetailSchema,
  SeriesMade as SeriesMadeSchema,
  Series as SeriesSchema,
} from "../../src/modules/equipment/series/contract.ts";
import type { Session as SessionSchema } from "../../src/modules/equipment/sessions/contract.ts";
import type {
  PairedTablet as PairedTabletSchema,
  PairingTablet as PairingTabletSchema,
  Tablet as TabletSchema,
} from "../../src/modules/equipment/tablets/contract.ts";
import type { WaitlistEntry as WaitlistEntrySchema } from "../../src/modules/equipment/waitlist/contract.ts";
import type { LiveTicket as LiveTicketSchema } from "../../src/modules/equipment/watch/contract.ts";
import type {
  FileInfo as FileInfoSchema,
  FileLink as FileLinkSchema,
  FileUsage as FileUsageSchema,
  UploadSession as UploadSessionSchema,
} from "../../src/modules/files/contract.ts";
import type {
  Agreement as AgreementSchema,
  AgreementText as AgreementTextSchema,
  Signatory as SignatorySchema,
} from "../../src/modules/members/agreements/contract.ts";
import type { Ban as BanSchema } from "../../src/modules/members/bans/contract.ts";
import type {
  BillingGroup as BillingGroupSchema,
  GroupMember as GroupMemberSchema,
} from "../../src/modules/members/billing_groups/contract.ts";
import type { Document as DocumentSchema } from "../../src/modules/members/documents/contract.ts";
import type { EmergencyContact as EmergencyContactSchema } from "../../src/modules/members/emergency_contacts/contract.ts";
import type { Erasure as ErasureSchema } from "../../src/modules/members/erasure/contract.ts";
import type {
  GuestPasses as GuestPassesSchema,
  Guest as GuestSchema,
  GuestWaivers as GuestWaiversSchema,
} from "../../src/modules/members/guests/contract.ts";
import type {
  InvitePreview as InvitePreviewSchema,
  Invite as InviteSchema,
} from "../../src/modules/members/invites/contract.ts";
import type { Me as MeSchema } from "../../src/modules/members/me/routes.ts";
import type {
  Membership as MembershipSchema,
  MembershipTransaction as MembershipTransactionSchema,
} from "../../src/modules/members/memberships/contract.ts";
import type {
  GuardianConsent as GuardianConsentSchema,
  Guardian as GuardianSchema,
  Minor as MinorSchema,
} from "../../src/modules/members/minors/contract.ts";
import type {
  DirectoryEntry as DirectoryEntrySchema,
  Member as MemberSchema,
} from "../../src/modules/members/people/contract.ts";
import type {
  DefaultPlans as DefaultPlansSchema,
  PlanMember as PlanMemberSchema,
  Plan as PlanSchema,
  PublicPlan as PublicPlanSchema,
} from "../../src/modules/members/plans/contract.ts";
import type { Announcement as AnnouncementSchema } from "../../src/modules/notifications/announcements/contract.ts";
import type { Notification as NotificationSchema } from "../../src/modules/notifications/inbox/contract.ts";
import type { NotificationPreferences as NotificationPreferencesSchema } from "../../src/modules/notifications/preferences/contract.ts";
import type { SettingsHistoryEntry as SettingsHistoryEntrySchema } from "../../src/modules/settings/history/contract.ts";
import type {
  Makerspace as MakerspaceSchema,
  MakerspaceSummary as MakerspaceSummarySchema,
} from "../../src/modules/settings/makerspaces/contract.ts";
import type { PublicSettings as PublicSettingsSchema } from "../../src/modules/settings/public/contract.ts";
import type {
  AllSettings as AllSettingsSchema,
  SectionView,
  SettingsExport as SettingsExportSchema,
  SettingsImportReport as SettingsImportReportSchema,
} from "../../src/modules/settings/sections/contract.ts";
import type { Certification as CertificationSchema } from "../../src/modules/skills/certifications/contract.ts";
import type { SkillRequest as SkillRequestSchema } from "../../src/modules/skills/requests/contract.ts";
import type { SkillRequirements as SkillRequirementsSchema } from "../../src/modules/skills/requirements/contract.ts";
import type { Skill as SkillSchema } from "../../src/modules/skills/skills/contract.ts";
import type {
  WebhookDeliveryDetail as WebhookDeliveryDetailSchema,
  WebhookDelivery as WebhookDeliverySchema,
} from "../../src/modules/webhooks/deliveries/contract.ts";
import type {
  Webhook as WebhookSchema,
  WebhookWithSecret as WebhookWithSecretSchema,
} from "../../src/modules/webhooks/endpoints/contract.ts";
import type {
  PublicEventPage as PublicEventPageSchema,
  PublicEvent as PublicEventSchema,
} from "../../src/modules/webhooks/feed/contract.ts";
import type {
  AuditEntryInFull as AuditEntryInFullSchema,
  AuditEntry as AuditEntrySchema,
  AuditVerification as AuditVerificationSchema,
} from "../../src/platform/audit/contract.ts";
import type { DeadLetter as DeadLetterSchema, Job as JobSchema } from "../../src/platform/ops/contract.ts";

export type Agreement = z.output<typeof AgreementSchema>;
export type AgreementText = z.output<typeof AgreementTextSchema>;
export type Signatory = z.output<typeof SignatorySchema>;
export type ApiToken = z.output<typeof ApiTokenSchema>;
export type AuditEntry = z.output<typeof AuditEntrySchema>;
export type AuditEntryInFull = z.output<typeof AuditEntryInFullSchema>;
export type Ban = z.output<typeof BanSchema>;
export type Erasure = z.output<typeof ErasureSchema>;
export type AuditVerification = z.output<typeof AuditVerificationSchema>;
export type Availability = z.output<typeof AvailabilitySchema>;
export type BillingGroup = z.output<typeof BillingGroupSchema>;
export type GroupMember = z.output<typeof GroupMemberSchema>;
export type Guest = z.output<typeof GuestSchema>;
export type GuestPasses = z.output<typeof GuestPassesSchema>;
export type GuestWaivers = z.output<typeof GuestWaiversSchema>;
export type DeadLetter = z.output<typeof DeadLetterSchema>;
export type DirectoryEntry = z.output<typeof DirectoryEntrySchema>;
export type Equipment = z.output<typeof EquipmentSchema>;
export type Invite = z.output<typeof InviteSchema>;
export type InvitePreview = z.output<typeof InvitePreviewSchema>;
export type Job = z.output<typeof JobSchema>;
export type LiveTicket = z.output<typeof LiveTicketSchema>;
export type Makerspace = z.output<typeof MakerspaceSchema>;
export type MakerspaceSummary = z.output<typeof MakerspaceSummarySchema>;
export type Me = z.output<typeof MeSchema>;
export type Member = z.output<typeof MemberSchema>;
export type NewApiToken = z.output<typeof NewApiTokenSchema>;
export type NotificationPreferences = z.output<typeof NotificationPreferencesSchema>;
export type DefaultPlans = z.output<typeof DefaultPlansSchema>;
export type Membership = z.output<typeof MembershipSchema>;
export type MembershipTransaction = z.output<typeof MembershipTransactionSchema>;
export type Plan = z.output<typeof PlanSchema>;
export type PlanMember = z.output<typeof PlanMemberSchema>;
export type PublicPlan = z.output<typeof PublicPlanSchema>;
export type Notification = z.output<typeof NotificationSchema>;
export type PairedTablet = z.output<typeof PairedTabletSchema>;
export type PairingTablet = z.output<typeof PairingTabletSchema>;
export type Closure = z.output<typeof ClosureSchema>;
export type Hold = z.output<typeof HoldSchema>;
export type CostRule = z.output<typeof CostRuleSchema>;
export type PriceEstimate = z.output<typeof PriceEstimateSchema>;
export type Settlement = z.output<typeof SettlementSchema>;
export type Outage = z.output<typeof OutageSchema>;
export type OutagePlan = z.output<typeof OutagePlanSchema>;
export type Bundle = z.output<typeof BundleSchema>;
export type CancelledBundle = z.output<typeof CancelledBundleSchema>;
export type Reservation = z.output<typeof ReservationSchema>;
export type ServiceAccount = z.output<typeof ServiceAccountSchema>;
export type Session = z.output<typeof SessionSchema>;
export type Tablet = z.output<typeof TabletSchema>;
export type AllSettings = z.output<typeof AllSettingsSchema>;
export type PublicSettings = z.output<typeof PublicSettingsSchema>;
export type SettingsSection = SectionView;
export type SettingsExport = z.output<typeof SettingsExportSchema>;
export type SettingsImportReport = z.output<typeof SettingsImportReportSchema>;
export type SettingsHistoryEntry = z.output<typeof SettingsHistoryEntrySchema>;
export type PublicEvent = z.output<typeof PublicEventSchema>;
export type PublicEventPage = z.output<typeof PublicEventPageSchema>;
export type Webhook = z.output<typeof WebhookSchema>;
export type WebhookDelivery = z.output<typeof WebhookDeliverySchema>;
export type WebhookDeliveryDetail = z.output<typeof WebhookDeliveryDetailSchema>;
export type WebhookWithSecret = z.output<typeof WebhookWithSecretSchema>;
export type Announcement = z.output<typeof AnnouncementSchema>;
export type Document = z.output<typeof DocumentSchema>;
export type EmergencyContact = z.output<typeof EmergencyContactSchema>;
export type Minor = z.output<typeof MinorSchema>;
export type Guardian = z.output<typeof GuardianSchema>;
export type GuardianConsent = z.output<typeof GuardianConsentSchema>;
export type Skill = z.output<typeof SkillSchema>;
export type Certification = z.output<typeof CertificationSchema>;
export type SkillRequest = z.output<typeof SkillRequestSchema>;
export type SkillRequirements = z.output<typeof SkillRequirementsSchema>;
export type Series = z.output<typeof SeriesSchema>;
export type SeriesDetail = z.output<typeof SeriesDetailSchema>;
export type SeriesMade = z.output<typeof SeriesMadeSchema>;
export type FileInfo = z.output<typeof FileInfoSchema>;
export type FileLink = z.output<typeof FileLinkSchema>;
export type FileUsage = z.output<typeof FileUsageSchema>;
export type MachineFile = z.output<typeof MachineFileSchema>;
export type UploadSession = z.output<typeof UploadSessionSchema>;
export type FaultReport = z.output<typeof FaultReportSchema>;
export type Rating = z.output<typeof RatingSchema>;
export type WaitlistEntry = z.output<typeof WaitlistEntrySchema>;
