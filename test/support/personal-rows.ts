/** A row of somebody for each table that no use of the place fills. */

import { bookingRows } from "./personal-bookings.ts";
import { fileRows } from "./personal-files.ts";
import { priceRows } from "./personal-prices.ts";
import { skillRows } from "./personal-skills.ts";
import type { Scene } from "./scene.ts";

/** Words that lead to the person: what no row may hold after an erasure. */
export interface Marks {
  email: string;
  first_name: string;
  last_name: string;
  phone: string;
  text: string;
}

/** Somebody about whom every table knows something. */
export interface Known extends Scene {
  marks: Marks;
  member_id: string;
  user_id: string;
}

/** What the person has beside what they get by using the place: a row for each other table. */
export function rowsFor({ space, machine, marks, member_id, user_id }: Known, booking_id: string) {
  const now = Date.now();
  const versioned = { version: 1, created_at: now, updated_at: now };
  const here = { makerspace_id: space.id };
  const [id, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const envelope = { id, type: "member.linked", makerspace_id: space.id, data: { user_id } };
  return {
    directory: {
      dev_mail: {
        id,
        to_address: marks.email,
        subject: marks.text,
        text: marks.text,
        html: marks.text,
        created_at: now,
      },
      live_visits: { user_id, makerspace_id: space.id, sid: "", viewer_id: member_id, expires_at: now + 60_000 },
      denylist: { kind: "sub", value: user_id, not_before: 1, expires_at: now + 60_000 },
      platform_idempotency_keys: {
        scope: `user:${user_id}:x`,
        key: id,
        fingerprint: "x",
        status: 200,
        body: { name: marks.text },
        expires_at: now + 60_000,
      },
    },
    space: {
      member_tags: { ...here, tag: marks.text.slice(0, 40), status: "active", member_id },
      invites: {
        ...here,
        id,
        email: marks.email,
        role: "user",
        first_name: marks.first_name,
        last_name: marks.last_name,
        message: marks.text,
        status: "cancelled",
        expires_at: now,
        invited_by: "x",
        ...versioned,
      },
      announcements: {
        ...here,
        id,
        title: "Closed on Friday",
        body: "For a day.",
        audience: "all",
        pinned: 0,
        requires_acknowledgement: 1,
        status: "published",
        published_at: now,
        created_by: member_id,
        ...versioned,
      },
      announcement_readers: { ...here, member_id, announcement_id: id, acknowledged_at: now },
      notification_preferences: {
        ...here,
        member_id,
        choices: { note: marks.text },
        digest: "daily",
        version: 1,
        updated_at: now,
      },
      notifications: {
        ...here,
        id,
        member_id,
        event_id: id,
        type: "announcement.published",
        subject_type: "announcement",
        subject_id: id,
        data: { excerpt: marks.text },
        ...versioned,
      },
      deferred_mails: { ...here, due_at: now + 1_000_000, member_id, notification_id: id },
      mail_deliveries: {
        ...here,
        id,
        cause: id,
        template: "notification",
        recipient: `member:${member_id}`,
        subject_type: "member",
        subject_id: member_id,
        data: {},
        status: "sent",
        next_attempt_at: now,
        sent_at: now,
        ...versioned,
      },
      calendar_feeds: {
        ...here,
        id,
        member_id,
        name: marks.text,
        scope: "mine",
        digest: "0".repeat(64),
        ...versioned,
      },
      api_tokens: {
        ...here,
        id,
        name: marks.text,
        member_id,
        permissions: ["equipment.read"],
        last4: "abcd",
        expires_at: now + 60_000,
        created_by: member_id,
        ...versioned,
      },
      ...priceRows(here, { id, booking_id, equipment_id: machine.id, member_id, now }),
      ...bookingRows(here, { id, other, equipment_id: machine.id, member_id, now }),
      idempotency_keys: {
        ...here,
        scope: "user:somebody:add_member",
        key: id,
        fingerprint: "x",
        status: 201,
        body: { id: member_id, email: marks.email },
        expires_at: now + 60_000,
      },
      dead_letters: { ...here, id, envelope, status: "parked", ...versioned },
      outbox: { ...here, event_id: id, envelope: { ...envelope, data: { member_id } }, created_at: now, sent_at: now },
      jobs: {
        ...here,
        id,
        kind: "export_members",
        status: "succeeded",
        input: { note: marks.text },
        created_by: member_id,
        ...versioned,
      },
      webhooks: {
        ...here,
        id,
        url: "https://example.org/hook",
        events: ["*"],
        status: "disabled",
        disabled_because: "staff",
        created_by: member_id,
        ...versioned,
      },
      webhook_deliveries: {
        ...here,
        id,
        webhook_id: id,
        event_id: id,
        type: "member.added",
        body: JSON.stringify({ subject: { id: member_id } }),
        status: "delivered",
        next_attempt_at: now,
        response: { body: marks.text },
        ...versioned,
      },
      event_feed: {
        ...here,
        seq: 1_000_000,
        event_id: id,
        type: "member.added",
        body: JSON.stringify({ subject: { id: member_id } }),
        recorded_at: now,
      },
      erasures: {
        ...here,
        member_id,
        status: "withdrawn",
        requested_by: member_id,
        requested_at: now,
        due_at: now,
        ...versioned,
      },
      billing_groups: {
        ...here,
        id,
        kind: "family",
        name: `The ${marks.last_name}s`,
        status: "active",
        payer_member_id: member_id,
        ...versioned,
      },
      agreements: { ...here, id, title: "House rules", required: 0, ...versioned },
      agreement_texts: {
        ...here,
        agreement_id: id,
        number: 1,
        body: "Sweep.",
        effective_at: now,
        published_by: member_id,
        published_at: now,
      },
      agreement_acceptances: {
        ...here,
        agreement_id: id,
        number: 1,
        member_id,
        accepted_at: now,
        method: "in_app",
        recorded_by: member_id,
      },
      emergency_contacts: {
        ...here,
        member_id,
        id,
        name: marks.text,
        relation: "sister",
        phone: marks.phone,
        notes: marks.text,
        ...versioned,
      },
      member_documents: {
        ...here,
        id,
        member_id,
        kind: "id_proof",
        status: "pending",
        content_type: "image/png",
        size: 10,
        sha256: "a".repeat(64),
        submitted_by: member_id,
        ...versioned,
      },
      ...fileRows(here, { id, member_id, equipment_id: machine.id, text: marks.text, now }),
      minors: { ...here, member_id, birth_date: "2012-04-05", ...versioned },
      guardians: {
        ...here,
        id,
        member_id,
        name: marks.text,
        relation: "mother",
        email: marks.email,
        phone: marks.phone,
        ...versioned,
      },
      guardian_consents: {
        ...here,
        id,
        member_id,
        guardian_id: id,
        method: "on_paper",
        given_at: now,
        recorded_by: "x",
        ...versioned,
      },
      guest_visits: {
        ...here,
        id,
        host_member_id: member_id,
        name: marks.text,
        visit_on: "2026-11-20",
        day_from: now,
        day_to: now + 1,
        status: "no_show",
        counted: 1,
        invited_by: member_id,
        ...versioned,
      },
      guest_waivers: {
        ...here,
        visit_id: id,
        agreement_id: id,
        number: 1,
        accepted_at: now,
        method: "on_paper",
        recorded_by: member_id,
      },
      ...skillRows(here, { id, member_id, text: marks.text, now }),
      erasure_keeps: { ...here, member_id, data: "nothing", ground: "integrity" },
      reservation_external_ids: {
        ...here,
        external_id: marks.text,
        reservation_id: booking_id,
        equipment_id: machine.id,
        claimed_at: now,
      },
    },
  };
}
