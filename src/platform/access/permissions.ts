/** Who may do what, as data. docs/access.md is generated from here; the generated route walk proves it. */

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

/** How far a grant reaches. */
export const scopes = ["none", "own", "any"] as const;
export type Scope = (typeof scopes)[number];

/** Memberships have one of the last four; `super_admin` comes from the token alone, `tablet` from a paired device. */
export const roles = ["super_admin", "makerspace_admin", "admin", "user", "service_provider"] as const;
export type Role = (typeof roles)[number];
export const memberRoles = ["makerspace_admin", "admin", "user", "service_provider"] as const satisfies readonly Role[];
export type MemberRole = (typeof memberRoles)[number];

type Grants = Readonly<Partial<Record<Permission, Exclude<Scope, "none">>>>;

const everything = Object.fromEntries(allPermissions.map((name) => [name, "any"])) as Grants;

/** What makes a member of any kind: seeing the place, and oneself. */
const member = {
  "space.read": "any",
  "members.self": "own",
  "members.export": "own",
  "members.erase": "own",
  "agreements.read": "any",
  "agreements.accept": "own",
  "minors.read": "own",
  "minors.manage": "own",
  "minors.consent": "own",
  "documents.read": "own",
  "documents.submit": "own",
  "emergency_contacts.read": "own",
  "emergency_contacts.manage": "own",
  "plans.read": "own",
  "memberships.read": "own",
  "memberships.manage": "own",
  "billing_groups.read": "own",
  "billing_groups.manage": "own",
  "guests.read": "own",
  "guests.manage": "own",
  "skills.read": "any",
  "certifications.read": "own",
  "skill_requests.read": "own",
  "equipment.read": "any",
  "reservations.read": "own",
  "sessions.read": "own",
  "live.watch": "own",
  "notifications.read": "own",
  "announcements.read": "own",
  "files.upload": "own",
  "files.read": "own",
  "jobs.read": "own",
  "tokens.read": "own",
  "tokens.manage": "own",
  "calendar_feeds.read": "own",
  "calendar_feeds.manage": "own",
  "audit.read": "own",
} as const satisfies Grants;

/** The seed's five roles. What is not written here is `none`. */
export const roleGrants: Readonly<Record<Role | "tablet" | "service", Grants>> = {
  super_admin: everything,
  makerspace_admin: everything,
  admin: {
    ...member,
    "settings.read": "any",
    "members.read": "any",
    "bans.read": "any",
    "invites.read": "any",
    "plans.read": "any",
    "memberships.read": "any",
    "memberships.list": "any",
    "billing_groups.read": "any",
    "guests.read": "any",
    "certifications.read": "any",
    "skill_requests.read": "any",
    "reservations.read": "any",
    "sessions.read": "any",
    "live.watch": "any",
    "tablets.read": "any",
    "jobs.read": "any",
    "tokens.read": "any",
    "calendar_feeds.read": "any",
    "service_accounts.read": "any",
    "webhooks.read": "any",
    "events.read": "any",
    "operations.read": "any",
    "audit.read": "any",
    "audit.verify": "any",
  },
  user: {
    ...member,
    "members.read": "own",
    "skills.request": "own",
    "reservations.create": "own",
    "reservations.change": "own",
    "sessions.run": "own",
  },
  service_provider: {
    ...member,
    "skills.request": "own",
    "equipment.manage": "own",
    "reservations.create": "own",
    "reservations.change": "own",
    "reservations.decide": "own",
    "sessions.run": "own",
  },
  tablet: {
    "equipment.read": "own",
    "live.watch": "own",
  },
  // A service account without a role: its own list of permissions is the limit.
  service: everything,
};

/** Staff work by name: sets of permissions added to a membership, always with scope `any`. */
export const dutyGrants = {
  desk: [
    "announcements.manage",
    "agreements.accept",
    "members.read",
    "minors.read",
    "minors.consent",
    "emergency_contacts.read",
    "documents.read",
    "documents.submit",
    "documents.decide",
    "bans.read",
    "invites.read",
    "invites.manage",
    "plans.read",
    "memberships.read",
    "memberships.list",
    "memberships.manage",
    "billing_groups.read",
    "billing_groups.manage",
    "guests.read",
    "guests.manage",
    "guests.admit",
    "certifications.read",
    "skill_requests.read",
    "reservations.read",
    "reservations.create",
    "reservations.change",
    "reservations.decide",
    "sessions.read",
    "sessions.run",
    "live.watch",
    "tablets.read",
  ],
  trainer: [
    "members.read",
    "minors.read",
    "emergency_contacts.read",
    "documents.read",
    "skills.manage",
    "skills.certify",
    "skills.revoke",
    "certifications.read",
    "skill_requests.read",
    "reservations.read",
    "sessions.read",
    "live.watch",
  ],
  maintainer: ["equipment.manage", "reservations.read", "sessions.read", "sessions.run", "live.watch", "tablets.read"],
  stock_keeper: ["jobs.read", "operations.read"],
  treasurer: [
    "members.read",
    "plans.read",
    "plans.manage",
    "memberships.read",
    "memberships.list",
    "memberships.manage",
    "billing_groups.read",
    "billing_groups.manage",
    "reservations.read",
    "sessions.read",
  ],
  safety: [
    "bans.read",
    "bans.manage",
    "agreements.accept",
    "agreements.manage",
    "guests.read",
    "guests.admit",
    "members.read",
    "minors.read",
    "minors.consent",
    "emergency_contacts.read",
    "documents.read",
    "documents.decide",
    "skills.revoke",
    "certifications.read",
    "reservations.read",
    "reservations.change",
    "reservations.decide",
    "sessions.read",
    "sessions.run",
    "live.watch",
    "audit.read",
    "audit.verify",
  ],
} as const satisfies Record<string, readonly Permission[]>;
export type Duty = keyof typeof dutyGrants;
export const duties = Object.keys(dutyGrants) as [Duty, ...Duty[]];

/** A duty as it was granted. */
export interface DutyGrant {
  duty: Duty;
  /** Only for these machines; null for all. */
  equipment_ids: string[] | null;
  /** Epoch milliseconds; null without end. */
  ends_at: number | null;
}

/** A role and its duties at one moment, narrowed to what a token carries: answers every "may they?". */
export class Access {
  private readonly duties: readonly DutyGrant[];

  constructor(
    readonly role: Role | "tablet" | "service",
    granted: readonly DutyGrant[],
    now: number,
    /** Nothing but these, whatever role and duties say: what a token was given. */
    private readonly only: readonly Permission[] | null = null,
  ) {
    this.duties = granted.filter((grant) => grant.ends_at === null || grant.ends_at > now);
  }

  /** The widest scope of a permission; with a machine, duties limited to that machine count, too. */
  scope(permission: Permission, equipment_id?: string): Scope {
    if (this.only && !this.only.includes(permission)) return "none";
    return this.standing(permission, equipment_id);
  }

  /** The same by role and duties alone. */
  private standing(permission: Permission, equipment_id?: string): Scope {
    const byDuty = this.duties.some(
      (grant) =>
        (dutyGrants[grant.duty] as readonly Permission[]).includes(permission) &&
        (grant.equipment_ids === null || (equipment_id !== undefined && grant.equipment_ids.includes(equipment_id))),
    );
    return byDuty ? "any" : (roleGrants[this.role][permission] ?? "none");
  }

  /** True when it is ours at least somewhere: our own, or on some machines. */
  has(permission: Permission): boolean {
    const limited = this.duties.flatMap((grant) => grant.equipment_ids ?? []);
    return [undefined, ...limited].some((equipment_id) => this.scope(permission, equipment_id) !== "none");
  }

  /**
   * True when everything in `role` and `granted` is already ours: nobody grants above their own. With a token that has to be in what it
   * carries, too, but for what every member may: a program that invites needs no more than `invites.manage` to bring in members.
   */
  covers(role: MemberRole, granted: readonly DutyGrant[]): boolean {
    const wanted = [
      ...(Object.entries(roleGrants[role]) as [Permission, Scope][]),
      ...granted.flatMap((grant) => dutyGrants[grant.duty].map((name): [Permission, Scope] => [name, "any"])),
    ];
    const isWithin = (held: Scope | undefined, scope: Scope) => scopes.indexOf(held ?? "none") >= scopes.indexOf(scope);
    return wanted.every(
      ([name, scope]) =>
        isWithin(this.standing(name), scope) &&
        (!this.only || this.only.includes(name) || isWithin(roleGrants.user[name], scope)),
    );
  }
}
