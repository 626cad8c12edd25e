/** A member who has something in every table that holds something of people, in words that stand nowhere else. */

import { env } from "cloudflare:workers";
import { type Known, type Marks, rowsFor } from "./personal-rows.ts";
import { makeScene } from "./scene.ts";
import { slotIn, until } from "./space.ts";
import type { Plan } from "./wire.ts";

const word = (): string => `zq${crypto.randomUUID().replaceAll("-", "")}`;

export const marksOf = (marks: Marks): string[] => Object.values(marks);

/** Inserts a row as its columns say. */
async function put(database: D1Database, table: string, row: Record<string, unknown>): Promise<void> {
  const names = Object.keys(row);
  const values = names.map((name) => {
    const value = row[name];
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  });
  await database
    .prepare(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`)
    .bind(...values)
    .run();
}

/** Somebody about whom every table knows something. */
export async function makeKnown(): Promise<Known> {
  const scene = await makeScene();
  const { space, machine, ada } = scene;
  const [first_name, last_name] = [word(), word()];
  const marks: Marks = { email: ada.email, first_name, last_name, phone: `+49 30 ${Date.now()}`, text: word() };
  const known: Known = { ...scene, marks, member_id: ada.member.id, user_id: ada.sub };
  const path = space.path(`/members/${ada.member.id}`);
  await space.root.patch(path, {
    first_name,
    last_name,
    phone: marks.phone,
    bio: marks.text,
    notes: marks.text,
    metadata: { badge: marks.text },
    external_id: marks.text,
    profile_image_url: `https://example.org/${marks.text}`,
    public_skills: [marks.text.slice(0, 40)],
  });
  await ada.api.get("/api/v1/me");
  await space.root.must("PUT", `${path}/duties/trainer`, { body: {} });
  await space.machine({}, { owner_member_id: ada.member.id });
  const plan = await space.root.post<Plan>(space.path("/plans"), {
    name: `Plan ${word()}`,
    price: { amount_minor: 100, currency: "EUR" },
  });
  const membership = await space.root.post<{ id: string }>(`${path}/memberships`, { plan_id: plan.id });
  await space.root.post(space.path(`/memberships/${membership.id}/renew`));
  const booked = await space.booked(ada.api, machine, {
    ...slotIn(24),
    purpose: marks.text,
    metadata: { note: marks.text },
  });
  await ada.api.post(space.path(`/equipment/${machine.id}/series`), {
    rrule: "FREQ=DAILY;COUNT=2",
    local_start: slotIn(48).starts_at.slice(0, 16),
    timezone: "UTC",
    duration_minutes: 60,
    purpose: marks.text,
  });
  const session = await ada.api.post<{ id: string }>(space.path(`/equipment/${machine.id}/sessions`), {
    planned_minutes: 30,
  });
  await ada.api.post(space.path(`/equipment/${machine.id}/sessions/${session.id}/end`), { notes: marks.text });
  await until("the projection", async () => {
    const row = await env.DB_000.prepare("SELECT notes FROM sessions WHERE id = ?")
      .bind(session.id)
      .first<{ notes: string }>();
    return row?.notes === marks.text;
  });
  const rows = rowsFor(known, booked.id);
  for (const [table, row] of Object.entries(rows.directory)) await put(env.DIRECTORY, table, row);
  for (const [table, row] of Object.entries(rows.space)) await put(env.DB_000, table, row);
  // What only staff could have written.
  await env.DB_000.prepare("UPDATE memberships SET status_reason = ?, promo_code = ? WHERE member_id = ?")
    .bind(marks.text, marks.text, ada.member.id)
    .run();
  await env.DB_000.prepare("UPDATE membership_transactions SET reason = ? WHERE member_id = ?")
    .bind(marks.text, ada.member.id)
    .run();
  return known;
}
