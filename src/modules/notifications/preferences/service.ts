/** What a member wants to be told, and how. */

import type { z } from "@hono/zod-openapi";
import { eq, inArray, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIsoOrNull } from "../../../platform/time.ts";
import { contactsOf } from "../../members/index.ts";
import { typeNames, typeOf } from "../catalogue.ts";
import { answerTime, type Choice, channels, channelsFor, noPreferences, type Preferences } from "../model.ts";
import { notificationPreferences } from "../tables.ts";
import type { NotificationPreferences, NotificationPreferencesPatch } from "./contract.ts";

type Row = typeof notificationPreferences.$inferSelect;
type View = z.output<typeof NotificationPreferences>;

const fromRow = ({ choices, quiet_from, quiet_to, digest }: Row): Preferences => ({
  ...noPreferences,
  ...(choices as Pick<Preferences, "categories" | "types">),
  quiet_hours: quiet_from !== null && quiet_to !== null ? { from: quiet_from, to: quiet_to } : null,
  digest,
});

/** What these members want; who said nothing is left out. */
export async function preferencesOf(store: SpaceStore, ids: readonly string[]): Promise<Map<string, Preferences>> {
  const rows = await store.db
    .select()
    .from(notificationPreferences)
    .where(
      store.in(
        notificationPreferences,
        inArray(notificationPreferences.member_id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`),
      ),
    );
  return new Map(rows.map((row) => [row.member_id, fromRow(row)]));
}

/** When a member who is told now should have answered, epoch milliseconds; `zone` is the makerspace's. */
export async function answerBy(
  store: SpaceStore,
  member_id: string,
  zone: string,
  now: number,
  minutes: number,
): Promise<number> {
  const wants = (await preferencesOf(store, [member_id])).get(member_id) ?? noPreferences;
  const [contact] = wants.quiet_hours ? await contactsOf(store, [member_id]) : [];
  return answerTime(wants, contact?.timezone ?? zone, now, minutes);
}

/** Version 0 has never been written. */
interface Kept {
  wants: Preferences;
  version: number;
  updated_at: number | null;
}

async function find(space: Space): Promise<Kept> {
  const [row] = await space.db
    .select()
    .from(notificationPreferences)
    .where(space.store.in(notificationPreferences, eq(notificationPreferences.member_id, space.member.id)));
  return row
    ? { wants: fromRow(row), version: row.version, updated_at: row.updated_at }
    : { wants: noPreferences, version: 0, updated_at: null };
}

async function view(space: Space, { wants, version, updated_at }: Kept): Promise<View> {
  const [contact] = await contactsOf(space.store, [space.member.id]);
  return {
    types: typeNames.map((type) => {
      const { category, title, tells, urgent = false, required = false } = typeOf(type);
      const own = wants.types[type] !== undefined;
      return { type, category, title, tells, ...channelsFor(type, wants), urgent, required, own };
    }),
    quiet_hours: wants.quiet_hours,
    digest: wants.digest,
    timezone: contact?.timezone ?? space.settings.timezone,
    updated_at: toIsoOrNull(updated_at),
    version,
  };
}

/** One's own preferences, with every type there is. @throws forbidden without a membership */
export const readPreferences = async (space: Space): Promise<View> => view(space, await find(space));

type Said = { in_app?: boolean | null | undefined; email?: boolean | null | undefined };

/** Lays what is said now over what was said before; null takes it back. */
function merged<K extends string>(before: Partial<Record<K, Choice>>, said: readonly (Said & { name: K })[]) {
  const after = new Map(Object.entries(before) as [K, Choice][]);
  for (const { name, ...choice } of said) {
    const kept = { ...after.get(name) };
    for (const channel of channels) {
      if (choice[channel] === null) delete kept[channel];
      else if (choice[channel] !== undefined) kept[channel] = choice[channel];
    }
    if (Object.keys(kept).length > 0) after.set(name, kept);
    else after.delete(name);
  }
  return Object.fromEntries(after) as Partial<Record<K, Choice>>;
}

/** What must stay in the inbox. @throws invalid_body */
function refuseRequired(types: NonNullable<z.output<typeof NotificationPreferencesPatch>["types"]>): void {
  const errors = types.flatMap(({ type, in_app }, index) =>
    in_app === false && typeOf(type).required
      ? [{ pointer: `/types/${index}/in_app`, code: "required", detail: "cannot be kept out of the inbox" }]
      : [],
  );
  if (errors.length > 0) throw problem("invalid_body", { errors });
}

/** Merges. @throws stale_version, conflict, invalid_body */
export async function changePreferences(
  space: Space,
  if_match: number | null,
  patch: z.output<typeof NotificationPreferencesPatch>,
): Promise<View> {
  const before = await find(space);
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  const { categories = [], types = [] } = patch;
  refuseRequired(types);
  const wants: Preferences = {
    categories: merged(
      before.wants.categories,
      categories.map(({ category, ...said }) => ({ name: category, ...said })),
    ),
    types: merged(
      before.wants.types,
      types.map(({ type, ...said }) => ({ name: type, ...said })),
    ),
    quiet_hours: patch.quiet_hours === undefined ? before.wants.quiet_hours : patch.quiet_hours,
    digest: patch.digest ?? before.wants.digest,
  };
  const after = { wants, version: before.version + 1, updated_at: space.now };
  const row = {
    choices: { categories: wants.categories, types: wants.types },
    quiet_from: wants.quiet_hours?.from ?? null,
    quiet_to: wants.quiet_hours?.to ?? null,
    digest: wants.digest,
    version: after.version,
    updated_at: space.now,
  };
  const { makerspace_id, member_id } = notificationPreferences;
  await space.commit(
    {
      action: "notification_preferences.updated",
      subject: { type: "member", id: space.member.id, version: after.version },
      after: { changed: Object.keys(patch) },
    },
    write(
      space.db
        .insert(notificationPreferences)
        .values(space.store.row({ member_id: space.member.id, ...row }))
        .onConflictDoUpdate({
          target: [makerspace_id, member_id],
          set: row,
          setWhere: eq(notificationPreferences.version, before.version),
        }),
      { expect: if_match === null ? "conflict" : "stale_version" },
    ),
  );
  return view(space, after);
}
