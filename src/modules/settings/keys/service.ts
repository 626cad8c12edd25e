/** Keys that seal secrets, and their rotation: every secret under an older key is opened and sealed anew, a makerspace at a time. */

import type { z } from "@hono/zod-openapi";
import { count, eq, gt, inArray, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { sealedSecrets } from "../../../platform/db/tables.ts";
import { config } from "../../../platform/env.ts";
import { describeError, log } from "../../../platform/log.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { seal, unseal } from "../../../platform/secrets.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import type { SettingsMessage } from "../events.ts";
import type { SealingKeys } from "./contract.ts";

const keyIds = (): [newest: string, ...older: string[]] => {
  const [newest = "", ...older] = config.SETTINGS_KEYS.map(({ id }) => id);
  return [newest, ...older];
};

/** Which keys there are, and how much lies under each. */
export async function readKeys(): Promise<z.output<typeof SealingKeys>> {
  const [newest, ...older] = keyIds();
  const counted = new Map([newest, ...older].map((id) => [id, 0]));
  for (const db of everyShard()) {
    const rows = await db
      .select({ id: sealedSecrets.key_id, secrets: count() })
      .from(sealedSecrets)
      .groupBy(sealedSecrets.key_id);
    for (const { id, secrets } of rows) counted.set(id, (counted.get(id) ?? 0) + secrets);
  }
  const keys = [...counted].map(([id, secrets]) => ({ id, configured: id === newest || older.includes(id), secrets }));
  const remaining = keys.filter(({ id }) => id !== newest).reduce((sum, { secrets }) => sum + secrets, 0);
  return { newest, keys, remaining };
}

const SECRETS_PER_BATCH = 25;

type Row = typeof sealedSecrets.$inferSelect;

/** A row under the newest key, as a write that leaves a secret alone which somebody replaced meanwhile; null when it cannot be opened. */
async function resealed(store: SpaceStore, row: Row) {
  try {
    const anew = await seal(store.makerspace_id, row, await unseal(store.makerspace_id, row, row));
    const { place, name, sealed } = sealedSecrets;
    const same = store.in(sealedSecrets, eq(place, row.place), eq(name, row.name), eq(sealed, row.sealed));
    return write(store.db.update(sealedSecrets).set(anew).where(same));
  } catch (error) {
    log.error("secret_unreadable", {
      makerspace_id: store.makerspace_id,
      place: row.place,
      error: describeError(error),
    });
    return null;
  }
}

/** Seals everything of a makerspace under the newest key, some at a time: what is done stays done when this one dies. */
async function resealAll(store: SpaceStore, request_id: string, now: number): Promise<void> {
  const [newest, ...older] = keyIds();
  const space = systemSpace(store, null, { actor_id: "rotation", request_id, now });
  let [place, name] = ["", ""];
  for (;;) {
    const rows = await store.db
      .select()
      .from(sealedSecrets)
      .where(
        store.in(
          sealedSecrets,
          inArray(sealedSecrets.key_id, older),
          gt(sql`(${sealedSecrets.place}, ${sealedSecrets.name})`, sql`(${place}, ${name})`),
        ),
      )
      .orderBy(sealedSecrets.place, sealedSecrets.name)
      .limit(SECRETS_PER_BATCH);
    const last = rows.at(-1);
    if (!last) return;
    [place, name] = [last.place, last.name];
    const writes = (await Promise.all(rows.map((row) => resealed(store, row)))).filter((item) => item !== null);
    if (writes.length === 0) continue;
    const subject = { type: "secrets", id: store.makerspace_id, version: 0 };
    await space.commit(
      { action: "secrets.resealed", subject, after: { key_id: newest, secrets: writes.length } },
      ...writes,
    );
  }
}

/** Each quarter of an hour: makerspaces with secrets under an older key that is still configured. */
export const rotationRounds = rounds({
  name: "reseal_secrets",
  schedule: "quarter",
  type: "secrets.reseal_due" satisfies SettingsMessage,
  async waiting(db, _, limit) {
    const [, ...older] = keyIds();
    if (older.length === 0) return [];
    const { makerspace_id, key_id } = sealedSecrets;
    return db.selectDistinct({ makerspace_id }).from(sealedSecrets).where(inArray(key_id, older)).limit(limit);
  },
  async work({ store, request_id, now }) {
    await resealAll(store, request_id, now);
    return {};
  },
});

/** Starts a rotation at once, and says what there is to do. */
export async function rotateKeys(now: number): Promise<z.output<typeof SealingKeys>> {
  await rotationRounds.task.run(now);
  return readKeys();
}
