/** Announcements: written, published now or later, withdrawn; acknowledged and put away by those who read them. */

import type { z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { machineNames } from "../../equipment/index.ts";
import { planExists } from "../../members/index.ts";
import type { Announcement, AnnouncementInput, AnnouncementPatch, PublishInput } from "./contract.ts";
import { findAnnouncement, readAnnouncement } from "./lists.ts";
import { type AnnouncementStep, announcementSteps, mayStep } from "./model.ts";
import { announcementReaders, announcements } from "./tables.ts";
import { type AnnouncementRow, viewAnnouncement } from "./view.ts";

type View = z.output<typeof Announcement>;

/** @throws unknown_reference for a plan or machine that is not here */
async function requireAudience(space: Space, { audience, audience_id }: z.output<typeof AnnouncementInput>) {
  if (audience_id === null) return;
  const isKnown =
    audience === "plan"
      ? await planExists(space.store, audience_id)
      : (await machineNames(space.store, [audience_id])).has(audience_id);
  if (!isKnown) throw problem("unknown_reference");
}

/** Writes a draft. @throws unknown_reference */
export async function createAnnouncement(space: Space, input: z.output<typeof AnnouncementInput>): Promise<View> {
  await requireAudience(space, input);
  const row: AnnouncementRow = space.store.row({
    id: newId(),
    title: input.title,
    body: input.body,
    audience: input.audience,
    audience_id: input.audience_id,
    pinned: input.pinned ?? false,
    requires_acknowledgement: input.requires_acknowledgement ?? false,
    status: "draft" as const,
    publish_at: null,
    published_at: null,
    expires_at: input.expires_at ?? null,
    told: 0,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewAnnouncement(row, null, { told: 0, acknowledged: 0, dismissed: 0 });
  await space.commit(
    {
      action: "announcement.created",
      subject: { type: "announcement", id: row.id, version: 1 },
      after: { audience: row.audience, audience_id: row.audience_id },
      answer: { status: 201, body },
    },
    write(space.db.insert(announcements).values(row)),
  );
  return body;
}

interface Change {
  action: string;
  set: Partial<AnnouncementRow>;
  after: unknown;
  events?: EventDraft[];
  expect: "conflict" | "stale_version";
}

async function change(space: Space, before: AnnouncementRow, { action, set, after, events, expect }: Change) {
  const version = before.version + 1;
  await space.commit(
    {
      action,
      subject: { type: "announcement", id: before.id, version },
      before: { status: before.status },
      after,
      ...(events && { events }),
    },
    write(
      space.db
        .update(announcements)
        .set({ ...set, updated_at: space.now, version })
        .where(
          space.store.in(announcements, eq(announcements.id, before.id), eq(announcements.version, before.version)),
        ),
      { expect },
    ),
  );
}

/** Merges. What people have read stays as it is. @throws not_found, stale_version, conflict, illegal_transition */
export async function updateAnnouncement(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof AnnouncementPatch>,
): Promise<View> {
  const { row } = await findAnnouncement(space, id);
  if (if_match !== null && if_match !== row.version) throw problem("stale_version");
  const { title, body, requires_acknowledgement } = patch;
  const rewrites = [title, body, requires_acknowledgement].some((value) => value !== undefined);
  const isOver = row.status === "expired" || row.status === "withdrawn";
  if (isOver || (rewrites && row.status === "published"))
    throw problem("illegal_transition", { current_status: row.status });
  await change(space, row, {
    action: "announcement.updated",
    set: definedOnly(patch),
    after: { changed: Object.keys(patch) },
    expect: if_match === null ? "conflict" : "stale_version",
  });
  return readAnnouncement(space, id);
}

/** Takes a step, of which two at once cannot both be taken. @throws illegal_transition, conflict */
export async function takeStep(
  space: Space,
  row: AnnouncementRow,
  step: AnnouncementStep,
  set: Partial<AnnouncementRow> = {},
): Promise<void> {
  if (!mayStep(step, row.status)) throw problem("illegal_transition", { current_status: row.status });
  const { to } = announcementSteps[step];
  const { audience, audience_id } = row;
  await change(space, row, {
    action: `announcement.${to}`,
    set: { ...set, status: to },
    after: { status: to },
    ...(to === "published" && { events: [{ type: "announcement.published", data: { audience, audience_id } }] }),
    expect: "conflict",
  });
}

/** Publishes now, or says when. @throws not_found, illegal_transition, conflict */
export async function publishAnnouncement(
  space: Space,
  id: string,
  { publish_at }: z.output<typeof PublishInput>,
): Promise<View> {
  const { row } = await findAnnouncement(space, id);
  if (publish_at !== undefined && publish_at > space.now) await takeStep(space, row, "schedule", { publish_at });
  else await takeStep(space, row, "publish", { published_at: space.now });
  return readAnnouncement(space, id);
}

/** Takes it back: nobody sees it any more. @throws not_found, illegal_transition, conflict */
export async function withdrawAnnouncement(space: Space, id: string): Promise<View> {
  const { row } = await findAnnouncement(space, id);
  await takeStep(space, row, "withdraw");
  return readAnnouncement(space, id);
}

/** Notes what the caller did, once: the first time counts. @throws not_found, forbidden without a membership */
async function note(space: Space, id: string, what: "acknowledged_at" | "dismissed_at", action: string): Promise<void> {
  const { id: member_id } = space.member;
  const { row, reading } = await findAnnouncement(space, id);
  if (row.status !== "published") throw problem("illegal_transition", { current_status: row.status });
  if (reading?.[what]) return;
  const { makerspace_id, member_id: reader, announcement_id } = announcementReaders;
  await space.commit(
    { action, subject: { type: "announcement", id, version: row.version }, after: { member_id } },
    write(
      space.db
        .insert(announcementReaders)
        .values(space.store.row({ member_id, announcement_id: id, [what]: space.now }))
        .onConflictDoUpdate({
          target: [makerspace_id, reader, announcement_id],
          set: { [what]: sql`coalesce(${announcementReaders[what]}, ${space.now})` },
        }),
    ),
  );
}

/** Says that one has read it. @throws not_found, illegal_transition, forbidden */
export async function acknowledge(space: Space, id: string): Promise<View> {
  await note(space, id, "acknowledged_at", "announcement.acknowledged");
  return readAnnouncement(space, id);
}

/** Puts it away: it leaves one's list. One that must be acknowledged is acknowledged first. @throws not_found, illegal_transition, forbidden */
export async function dismiss(space: Space, id: string): Promise<View> {
  const { row, reading } = await findAnnouncement(space, id);
  if (row.requires_acknowledgement && !reading?.acknowledged_at)
    throw problem("illegal_transition", { detail: "Acknowledge it first." });
  await note(space, id, "dismissed_at", "announcement.dismissed");
  return readAnnouncement(space, id);
}
