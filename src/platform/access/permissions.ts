/** Who may do what, as data. docs/access.md is generated from here; the generated route walk proves it. */

import { allPermissions, type Permission } from "./catalogue.ts";

export { allPermissions, type Permission, permissions } from "./catalogue.ts";

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
  "fault_reports.create": "own",
  "fault_reports.read": "own",
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
    "cost_rules.read": "any",
    "fault_reports.read": "any",
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
    "ratings.write": "own",
    "reservations.create": "own",
    "reservations.change": "own",
    "sessions.run": "own",
  },
  service_provider: {
    ...member,
    "skills.request": "own",
    "equipment.manage": "own",
    "fault_reports.manage": "own",
    "ratings.write": "own",
    "cost_rules.read": "own",
    "cost_rules.manage": "own",
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
    "cost_rules.read",
    "fault_reports.read",
    "ratings.moderate",
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
  maintainer: [
    "equipment.manage",
    "fault_reports.read",
    "fault_reports.manage",
    "ratings.moderate",
    "reservations.read",
    "sessions.read",
    "sessions.run",
    "live.watch",
    "tablets.read",
  ],
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
    "cost_rules.read",
    "cost_rules.manage",
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
    "fault_reports.read",
    "fault_reports.manage",
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
