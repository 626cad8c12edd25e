/**
 * The closed catalogue of problems (RFC 9457). docs/problems.md is generated from it.
 * Throw `problem("slot_taken", { conflicts_with })`; the application turns it into application/problem+json.
 */

/** code → [status, title, what it means and what to do]. */
export const problems = {
  malformed_request: [400, "Malformed request", "The body is not JSON, or a header cannot be read."],
  invalid_parameter: [400, "Invalid parameter", "A query parameter is unknown or has a value that is not allowed."],
  idempotency_key_missing: [
    400,
    "Idempotency-Key missing",
    "This request needs an Idempotency-Key header of 1 to 200 characters.",
  ],
  invalid_logout_token: [
    400,
    "Invalid logout token",
    "It breaks the rules of back-channel logout, is of an issuer nobody knows, has expired, or was taken before.",
  ],
  invalid_cursor: [400, "Invalid cursor", "The cursor belongs to another filter or sort. Start again without it."],
  unauthenticated: [401, "Not signed in", "A valid bearer token is needed."],
  forbidden: [403, "Not allowed", "Your role and duties do not include this."],
  feature_disabled: [403, "Switched off", "This makerspace has switched this off in its settings."],
  membership_suspended: [403, "Membership suspended", "Ask the staff of this makerspace."],
  membership_pending: [403, "Membership pending", "The membership has not been confirmed yet."],
  not_found: [404, "Not found", "There is nothing here, or it is not yours to see."],
  method_not_allowed: [405, "Method not allowed", "See the Allow header."],
  slot_taken: [409, "Slot taken", "The machine is held in this time; `conflicts_with` says when."],
  equipment_unavailable: [
    409,
    "Machine unavailable",
    "The machine is down today, or out of service in this time; `reasons` says which.",
  ],
  equipment_busy: [409, "Machine in use", "A session is running on this machine."],
  equipment_retired: [409, "Machine retired", "The machine is no longer there."],
  illegal_transition: [409, "Illegal transition", "The resource's status does not allow this."],
  hold_gone: [
    409,
    "Hold gone",
    "The hold has run out, was let go or used, or is about another time; hold the slot anew.",
  ],
  series_conflicts: [
    409,
    "Series refused",
    "Some of its bookings cannot be; `conflicts` says which and why. Nothing was done: choose other times, or ask for the rest with `skip`.",
  ],
  offer_gone: [409, "Offer gone", "Nothing is offered to this entry of the waitlist now, or the offer has run out."],
  too_early: [409, "Too early", "This opens shortly before the booking starts; `reasons` says when."],
  has_open_reservations: [409, "Open reservations", "Cancel or finish the open reservations first."],
  already_waiting: [409, "Already waiting", "This member waits for the same already."],
  code_taken: [409, "Code taken", "Something else of this kind in this makerspace has this code."],
  name_taken: [409, "Name taken", "Something else of this kind in this makerspace has this name, perhaps archived."],
  slug_taken: [409, "Slug taken", "Another makerspace has this slug."],
  email_taken: [409, "E-mail taken", "A member of this makerspace has this e-mail address."],
  both_linked: [409, "Both signed in", "Two people have signed in with these records; they are not one."],
  both_have_memberships: [409, "Both have memberships", "End one of the two running memberships first."],
  bulk_refused: [409, "Refused together", "`errors` names each that was refused by its place; nothing was done."],
  email_linked: [
    409,
    "E-mail in use",
    "Somebody signed in with this address: it changes where they sign in, and staff change it only before that.",
  ],
  email_unverified: [403, "E-mail not verified", "The sign-in does not vouch for an e-mail address."],
  already_member: [409, "Already a member", "This person belongs to this makerspace already."],
  already_invited: [409, "Already invited", "An invite for this address is open. Send it again, or take it back."],
  email_mismatch: [
    409,
    "Another e-mail address",
    "The invite was sent to another address than the verified one you signed in with. Sign in with that one, or ask the staff to send it to yours.",
  ],
  external_id_taken: [409, "External id taken", "Another resource of this type has this external_id."],
  agreement_superseded: [
    409,
    "Agreement superseded",
    "A later text is in force, or there is no such text. Read the agreement again.",
  ],
  already_guardian: [409, "Already a guardian", "This member is a guardian of the minor already."],
  guardian_unfit: [409, "Guardian unfit", "The guardianship has ended, or the guardian is under age."],
  too_many_emergency_contacts: [409, "Too many emergency contacts", "A member has at most five."],
  too_many_documents: [409, "Too many documents", "A member has at most 50. Delete what is no longer needed."],
  last_administrator: [409, "Last administrator", "A makerspace keeps at least one active makerspace_admin."],
  plan_in_use: [409, "Plan in use", "Members are on this plan, apply for it or change to it. Archive it to keep them."],
  plan_full: [409, "Plan full", "All places of this plan are taken."],
  plan_unavailable: [409, "Plan not on offer", "The plan is archived, or not on offer now."],
  group_required: [
    409,
    "Group required",
    "This plan is for members of a family, or of a company; the member is in no such group.",
  ],
  in_a_group: [409, "In a group already", "A member is in one family or company at most: take them out of it first."],
  guest_refused: [409, "Guest refused", "`reasons` lists every rule that said no."],
  not_in_group: [409, "Not in the group", "Whoever pays for a group is one of its members: add them first."],
  payer_of_group: [
    409,
    "Payer of a group",
    "This member pays for others of a family or company. Hand over to another of them, or dissolve it first.",
  ],
  membership_exists: [
    409,
    "Membership exists",
    "The member has a current membership, or an application that waits. Change its plan, or end it first.",
  ],
  contract_running: [
    409,
    "Contract running",
    "The contract of this membership has not ended; staff may make exceptions.",
  ],
  skill_required: [403, "Skill required", "The machine asks for skills that are missing; `reasons` names each."],
  self_certification: [403, "Own certification", "Nobody certifies themselves. Ask another trainer."],
  second_person_needed: [403, "Second person needed", "Whoever certified cannot sign as the second person, too."],
  prerequisite_missing: [409, "Prerequisite missing", "Other skills come first; `reasons` names each."],
  prerequisite_cycle: [422, "Prerequisites in a circle", "A skill would come before itself; `reasons` shows the way."],
  skill_in_use: [409, "Skill in use", "A machine asks for this skill, or another skill comes after it."],
  request_open: [409, "Request open", "A request for this skill waits already. Withdraw it, or wait for the answer."],
  too_many_cost_rules: [409, "Too many cost rules", "A machine has at most 100 of them. Archive some first."],
  currency_mismatch: [409, "Other currency", "Amounts in two currencies cannot be set off against each other."],
  erasure_blocked: [409, "Erasure blocked", "`reasons` lists what has to end first."],
  banned: [403, "Not admitted", "This makerspace does not admit this person. Its staff can say more."],
  already_banned: [409, "Already banned", "This person is banned already. Lift that ban first, to make another."],
  too_many_closures: [
    409,
    "Too many closures",
    "At most 200 that are not over, of the makerspace and of each machine.",
  ],
  plan_stale: [409, "Plan out of date", "Other bookings are in the way than those of the plan. Look again."],
  outage_refused: [409, "Outage refused", "`reasons` says why."],
  conflict: [409, "Conflict", "The state of the resource changed meanwhile. Read it again."],
  code_used: [410, "Code used or expired", "Ask for a new one."],
  token_used: [410, "Token used or expired", "It worked once, was replaced or is over. Ask for a new one."],
  invite_withdrawn: [
    410,
    "Invite withdrawn",
    "Whoever sent it may not give what it gives any more. Ask the staff to send it again.",
  ],
  link_expired: [410, "Link expired", "Ask for a new one."],
  stale_version: [412, "Stale version", "The resource changed since you read it; read it again and repeat."],
  length_required: [411, "Length required", "Send Content-Length with the file."],
  file_type_refused: [
    415,
    "File type refused",
    "PDF, JPEG and PNG are taken, by what is in the file; Content-Type says the same.",
  ],
  payload_too_large: [413, "Payload too large", "The body is larger than this route accepts."],
  range_not_satisfiable: [
    416,
    "Range not satisfiable",
    "The file has no such part; Content-Range says how long it is. One part at a time.",
  ],
  unsupported_media_type: [415, "Unsupported media type", "Send application/json, or what the route documents."],
  events_gone: [410, "Events gone", "This event is kept no longer, or was never here. Start again without `after`."],
  too_many_calendar_feeds: [
    409,
    "Too many calendar feeds",
    "A member has at most 20. Revoke one that is no longer read.",
  ],
  too_many_webhooks: [409, "Too many webhooks", "A makerspace has at most 50."],
  invalid_body: [422, "Invalid body", "`errors` lists each field by JSON pointer."],
  booking_refused: [422, "Booking refused", "`reasons` lists every rule that said no."],
  module_missing: [422, "Module missing", "The setting belongs to a module that is not there yet; `detail` names it."],
  promo_invalid: [422, "Promo code invalid", "The code is not one of this plan, or does not count now."],
  idempotency_mismatch: [422, "Idempotency-Key reused", "The key was used with another body."],
  unknown_reference: [422, "Unknown reference", "An id in the body names nothing in this makerspace."],
  grant_exceeds_own: [403, "Grant exceeds your own", "Nobody grants a role or duty above their own."],
  file_quota_exceeded: [
    409,
    "File quota exceeded",
    "Your files, or those of the makerspace, would take more room than there is. Delete what is not needed any more.",
  ],
  file_unusable: [
    409,
    "File not usable",
    "`file_ids` takes your own files that are ready, made for this purpose, and belong to nothing yet.",
  ],
  file_in_use: [409, "File in use", "It belongs to something: take it off there."],
  machine_not_used: [409, "Machine not used", "Ratings are for those who have used the machine."],
  rating_exists: [409, "Rating exists", "You have rated this machine. Change that rating."],
  too_many_files: [409, "Too many files", "There is room for no more files of this kind here."],
  precondition_required: [428, "If-Match missing", "Send If-Match with the ETag you read."],
  rate_limited: [429, "Too many requests", "Wait for Retry-After seconds."],
  internal_error: [500, "Internal error", "Quote the request_id to the operators."],
  unavailable: [
    503,
    "Temporarily unavailable",
    "A part of the system does not answer. Retry after Retry-After seconds.",
  ],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>;

export type ProblemCode = keyof typeof problems;
export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code);

/** One rule that said no, and what would fix it. The same objects serve refusals and explanations. */
export interface ReasonInput {
  code: string;
  detail: string;
  /** What would fix it, in words. */
  fix?: string;
  /** The bound that was crossed, with its unit in the name. */
  limit?: Record<string, string | number>;
}

export interface FieldError {
  pointer: string;
  code: string;
  detail: string;
}

/** One booking of several that cannot be. */
export interface Conflict {
  starts_at: string;
  ends_at: string;
  code: string;
  reasons: ReasonInput[];
  conflicts_with?: { starts_at: string; ends_at: string };
}

export interface ProblemExtras {
  detail?: string;
  errors?: FieldError[];
  reasons?: ReasonInput[];
  conflicts_with?: { starts_at: string; ends_at: string };
  /** With `series_conflicts`. */
  conflicts?: Conflict[];
  /** Seconds. */
  retry_after?: number;
  allow?: string[];
  /** Bytes of the file, with `range_not_satisfiable`. */
  size?: number;
  /** The current status, with `illegal_transition`. */
  current_status?: string;
}

/** The body as it goes over the wire. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ProblemCode;
  request_id: string;
  errors?: FieldError[];
  reasons?: ReasonInput[];
  conflicts_with?: { starts_at: string; ends_at: string };
  conflicts?: Conflict[];
  current_status?: string;
}

/** An answer that is not a success. Thrown anywhere in the worker, turned into a response in one place. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, extras: ProblemExtras = {}) {
    super(code);
    this.name = "Problem";
    this.code = code;
    this.extras = extras;
  }

  get status(): number {
    return problems[this.code][0];
  }

  /** RFC 9457 representation; `type` points into the generated catalogue. */
  body(instance: string, request_id: string): ProblemBody {
    const [status, title, detail] = problems[this.code];
    const { errors, reasons, conflicts_with, conflicts, current_status } = this.extras;
    return {
      type: `/problems#${this.code}`,
      title,
      status,
      detail: this.extras.detail ?? detail,
      instance,
      code: this.code,
      request_id,
      ...(errors && { errors }),
      ...(reasons && { reasons }),
      ...(conflicts_with && { conflicts_with }),
      ...(conflicts && { conflicts }),
      ...(current_status && { current_status }),
    };
  }
}

/** Makes a problem to throw. */
export const problem = (code: ProblemCode, extras?: ProblemExtras): Problem => new Problem(code, extras);
