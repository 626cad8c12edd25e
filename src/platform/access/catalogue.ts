/** Everything a route can ask for, in words. Who has it stands in permissions.ts. */

/**
 * Everything a route can ask for. One permission may serve several routes; each route names exactly one.
 * Who owns a machine is named on it; owning counts for those with equipment.manage, of whatever scope.
 */
export const permissions = {
  "space.read": "See the makerspace: name, time zone, currency",
  "settings.read": "See settings, booking defaults and their versions",
  "settings.manage": "Change settings and booking defaults",
  "members.self": "See one's own record, and change what one says of oneself",
  "members.read": "See members (own: oneself in full, others as directory entries)",
  "members.manage": "Add and change members, grant roles and duties, suspend and reactivate",
  "members.export": "Have all that is held on a member written into a file (own: on oneself)",
  "members.erase": "Erase what is held on a member (own: oneself, after seven days in which one may think again)",
  "bans.read": "See bans: that there is one, why and until when, never of whom",
  "bans.manage": "Ban people, and lift bans",
  "agreements.read": "See agreements and their texts",
  "agreements.accept": "Accept agreements (own: for oneself; any: record what others signed, see who has and has not)",
  "agreements.manage": "Make agreements, publish texts",
  "minors.read":
    "See minors, their guardians without contact, and consents (own: oneself, and those whose guardian one is)",
  "minors.manage": "Record minors, name their guardians and end that (own: say once that one is a minor)",
  "minors.consent":
    "Record what guardians signed, and see how to reach them (own: consent, and withdraw it, as a guardian)",
  "emergency_contacts.read": "See whom to call for a member (own: for oneself); every look of others is audited",
  "emergency_contacts.manage": "Say whom to call (own: for oneself)",
  "documents.read": "See supporting documents (own: one's own); every download is audited",
  "documents.submit": "Hand in and delete supporting documents (own: one's own)",
  "documents.decide": "See which documents wait, verify and reject them, never one's own",
  "invites.read": "See invites, never their tokens",
  "invites.manage": "Invite, mail again, send elsewhere, take back; nothing above one's own role and duties",
  "plans.read": "See plans (own: those on offer and one's own; any: all, with codes and how many are on them)",
  "plans.manage": "Make, change and archive plans",
  "memberships.read": "See memberships and their transactions (own: one's own)",
  "memberships.list": "See who is on a plan",
  "memberships.manage":
    "Join, renew, change, pause and cancel memberships (own: for oneself, as plans allow; any: for anybody, and decide on applications)",
  "billing_groups.read":
    "See families and companies with one payer (own: one's own, and who is in it if one pays; any: all)",
  "billing_groups.manage":
    "Make, change and dissolve them (own: leave one's own, take others out of the one that one pays for)",
  "guests.read": "See guests (own: one's own)",
  "guests.manage":
    "Invite guests and cancel their visits (own: one's own, as many as one's plan gives; any: for any host, beyond the plan)",
  "guests.admit": "Record what guests sign, let them in and see them out",
  "skills.read": "See skills, and what machines ask for",
  "skills.manage": "Define skills, and say what machines ask for",
  "skills.request": "Ask to be certified (own: oneself)",
  "skills.certify": "Certify others, sign as the second person, decide on requests",
  "skills.revoke": "Take certifications away",
  "certifications.read": "See certifications (own: one's own)",
  "skill_requests.read": "See who asks to be certified (own: one's own requests)",
  "equipment.read": "See machines",
  "equipment.manage": "Add, change and retire machines (own: machines that one owns)",
  "cost_rules.read":
    "See what makes the prices of machines (own: of machines that one owns); estimates are for everybody",
  "cost_rules.manage": "Say what machines cost (own: machines that one owns)",
  "fault_reports.create": "Report faults of machines",
  "fault_reports.read": "See fault reports (own: one's own, and those of machines that one owns)",
  "fault_reports.manage": "Decide about fault reports (own: of machines that one owns)",
  "ratings.write": "Rate machines that one has used",
  "ratings.moderate": "See who wrote ratings, hide them with a reason and show them again",
  "reservations.read":
    "See reservations (own: one's own and those on machines that one owns in full, others as busy times)",
  "reservations.create":
    "Book machines (own: for oneself; any, and on machines that one owns: on behalf of others, too)",
  "reservations.change": "Check in, move and cancel (own: one's own reservations and those on machines that one owns)",
  "reservations.decide": "Approve, reject, mark and excuse no-shows (own: on machines that one owns)",
  "sessions.read": "See sessions (own: one's own and those on machines that one owns)",
  "sessions.run": "Start and end sessions (own: one's own and those on machines that one owns)",
  "live.watch": "Open live sockets of a machine or of the floor",
  "tablets.read": "See paired tablets",
  "tablets.manage": "Pair and revoke tablets",
  "tokens.read": "See API tokens (own: one's own); the tokens themselves are never shown again",
  "tokens.manage": "Create and revoke API tokens (own: one's own), within one's own permissions",
  "calendar_feeds.read": "See calendar feeds (own: one's own); their addresses are never shown again",
  "calendar_feeds.manage": "Make and renew one's own calendar feeds, and revoke them (any: those of others, too)",
  "service_accounts.read": "See service accounts",
  "service_accounts.manage":
    "Create, change and disable service accounts, and make tokens for them, within one's own permissions",
  "notifications.read": "Read and mark notifications (own: one's own)",
  "audit.read": "Read the audit (own: what happened to oneself and what one did, without who else did it)",
  "audit.verify": "Check the audit's chain",
  "audit.export": "Write the audit into a file",
  "announcements.read": "Read announcements that concern one, acknowledge them and put them away",
  "announcements.manage": "Write, publish and withdraw announcements, and see who has read them",
  "webhooks.read": "See webhooks, and what became of their deliveries",
  "webhooks.manage": "Add, change, try out and remove webhooks; send deliveries again",
  "events.read": "Read the feed of events",
  "files.upload": "Upload files for what one may attach them to, and delete one's own (own: nobody has more)",
  "files.read": "See files: one's own, and those of what one may see (any: how much room those of all take)",
  "jobs.read": "See jobs (own: those that one started)",
  "operations.read": "See dead letters and timings",
  "operations.manage": "Reconcile, cancel jobs, replay dead letters",
} as const;
export type Permission = keyof typeof permissions;
export const allPermissions = Object.keys(permissions) as Permission[];
