/** What runs without a request: event consumers and cron tasks of all modules. */

import { erasurePorts, filePorts, mailPorts } from "./app.ts";
import { accessConsumers, accountStands } from "./modules/access/index.ts";
import {
  chargeConsumers,
  claimRounds,
  expireEntries,
  keptAsDue,
  moveConsumers,
  nameConsumers,
  policyRounds,
  reconcileConsumers,
  reconcileJob,
  reconcileNightly,
  reminderRounds,
  skillLossConsumers,
  suspensionConsumers,
  tidyHolds,
  waitlistConsumers,
} from "./modules/equipment/index.ts";
import { fileComparison, fileRounds } from "./modules/files/index.ts";
import {
  documentRounds,
  eraseMemberJob,
  erasureConsumers,
  erasuresEachQuarter,
  exportMemberDataJob,
  exportMembersJob,
  forgetSearchNightly,
  guestRounds,
  importInvitesJob,
  importMembersJob,
  inviteConsumers,
  inviteRounds,
  memberConsumers,
  membershipConsumers,
  membershipRounds,
  minorRounds,
  recordedAsDue,
  tidyInvitesEachQuarter,
} from "./modules/members/index.ts";
import {
  announcementConsumers,
  announcementRounds,
  answerBy,
  deferredMailRounds,
  inboxRounds,
  notificationConsumers,
} from "./modules/notifications/index.ts";
import { rotationRounds, settingsSource } from "./modules/settings/index.ts";
import { certificationRounds, useConsumers } from "./modules/skills/index.ts";
import { publicEventConsumers, sweepDeliveries, tidyWebhooks } from "./modules/webhooks/index.ts";
import { personalData } from "./personal-data.ts";
import { anchorRounds, exportAuditJob, sealRounds, verifyAuditJob, verifyRounds } from "./platform/audit/index.ts";
import type { CronTask } from "./platform/cron.ts";
import type { EventType } from "./platform/events.ts";
import { mailConsumers } from "./platform/mail/deliveries.ts";
import { jobConsumers } from "./platform/ops/jobs.ts";
import { tidy } from "./platform/ops/tidy.ts";
import type { Consumers, EventHandler } from "./platform/queue.ts";
import { resendOutbox } from "./platform/resend.ts";

type KeysOf<T> = T extends unknown ? keyof T : never;
/** Types that none of the parts has a line for; they break the build by name. */
type Unhandled<P extends readonly object[]> = Exclude<EventType, KeysOf<P[number]>>;
type Complete<P extends readonly object[]> = Unhandled<P> extends never ? P : { unhandled: Unhandled<P> };

/** Brings the consumers of all modules together. Several may handle one type of event, each once. */
function merge<P extends readonly Partial<Consumers>[]>(...parts: P & Complete<P>): Consumers {
  const merged = new Map<string, EventHandler[]>();
  for (const part of parts) {
    for (const [type, handlers] of Object.entries(part)) merged.set(type, [...(merged.get(type) ?? []), ...handlers]);
  }
  // Complete by the check above, which the entries of an object cannot show.
  return Object.fromEntries(merged) as unknown as Consumers;
}

const pushes = policyRounds(settingsSource);
const lapses = membershipRounds(settingsSource, recordedAsDue);
const guests = guestRounds(settingsSource);
const comingOfAge = minorRounds(settingsSource);
const documents = documentRounds(settingsSource);
const certifications = certificationRounds(settingsSource);
const uploads = fileRounds(filePorts, settingsSource);

export const consumers: Consumers = merge(
  accessConsumers,
  memberConsumers,
  inviteConsumers({ settings: settingsSource, payments: recordedAsDue }),
  membershipConsumers(settingsSource, recordedAsDue),
  lapses.consumers,
  inviteRounds.consumers,
  guests.consumers,
  comingOfAge.consumers,
  documents.consumers,
  erasureConsumers(erasurePorts),
  suspensionConsumers,
  chargeConsumers(keptAsDue),
  nameConsumers,
  waitlistConsumers(settingsSource, answerBy),
  notificationConsumers,
  announcementConsumers,
  announcementRounds.consumers,
  deferredMailRounds.consumers,
  inboxRounds.consumers,
  publicEventConsumers,
  reconcileConsumers(settingsSource),
  pushes.consumers,
  claimRounds.consumers,
  reminderRounds.consumers,
  sealRounds.consumers,
  anchorRounds.consumers,
  verifyRounds.consumers,
  certifications.consumers,
  uploads.consumers,
  fileComparison.consumers,
  useConsumers,
  skillLossConsumers(settingsSource),
  moveConsumers(settingsSource),
  jobConsumers({
    audit_export: exportAuditJob,
    audit_verification: verifyAuditJob,
    reconcile: reconcileJob(settingsSource),
    import_invites: importInvitesJob(accountStands),
    import_members: importMembersJob(accountStands),
    export_members: exportMembersJob,
    erase_member: eraseMemberJob(erasurePorts),
    export_member_data: exportMemberDataJob(personalData),
  }),
  rotationRounds.consumers,
  mailConsumers(mailPorts),
);

export const cronTasks: readonly CronTask[] = [
  { name: "resend_outbox", schedule: "minute", run: resendOutbox },
  pushes.task,
  claimRounds.task,
  reminderRounds.task,
  reconcileNightly,
  inviteRounds.task,
  tidyInvitesEachQuarter,
  sealRounds.task,
  anchorRounds.task,
  verifyRounds.task,
  rotationRounds.task,
  lapses.task,
  guests.task,
  comingOfAge.task,
  documents.task,
  erasuresEachQuarter,
  certifications.task,
  uploads.task,
  fileComparison.task,
  forgetSearchNightly,
  tidy,
  tidyHolds,
  expireEntries,
  sweepDeliveries,
  announcementRounds.task,
  deferredMailRounds.task,
  inboxRounds.task,
  tidyWebhooks,
];
