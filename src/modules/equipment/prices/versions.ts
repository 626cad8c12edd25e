/** Versions of a machine's price: written by SQL over the rules that are there, read with the other facts of a booking. */

import { desc, eq, type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { ProblemCode } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { priceVersions } from "../cost_rules/tables.ts";
import type { CostRule, PriceBook } from "./model.ts";

/** The newest version after a change of a rule or of the machine's own price, in the same batch. `expect` when there has to be such a machine. */
export const newPriceVersion = ({ db, id, now }: Space, equipment_id: string, expect: ProblemCode): Write =>
  write(
    db.run(sql`
      INSERT INTO price_versions (makerspace_id, equipment_id, version, body, created_at)
      SELECT e.makerspace_id, e.id,
        1 + coalesce((SELECT max(v.version) FROM price_versions v WHERE v.makerspace_id = ${id} AND v.equipment_id = ${equipment_id}), 0),
        json_object('currency', coalesce(e.currency, (
            SELECT max(r.currency) FROM cost_rules r WHERE r.makerspace_id = ${id} AND r.equipment_id = ${equipment_id} AND r.status = 'active')),
          'hourly_rate_minor', e.hourly_rate_minor, 'deposit_minor', e.deposit_minor, 'rules', (
            SELECT json_group_array(json_object('id', r.id, 'rule_type', r.rule_type, 'priority', r.priority, 'amount_minor', r.amount_minor,
              'percent', r.percent, 'tiers', json(r.tiers), 'hours', json(r.hours), 'weekdays', json(r.weekdays),
              'plan_ids', json(r.plan_ids), 'skill_id', r.skill_id, 'min_level', r.min_level, 'member_ids', json(r.member_ids),
              'project_ids', json(r.project_ids), 'valid_from', r.valid_from, 'valid_to', r.valid_to))
            FROM cost_rules r WHERE r.makerspace_id = ${id} AND r.equipment_id = ${equipment_id} AND r.status = 'active')),
        ${now}
      FROM equipment e WHERE e.makerspace_id = ${id} AND e.id = ${equipment_id}
        AND NOT EXISTS (SELECT 1 FROM cost_rules r WHERE r.makerspace_id = ${id} AND r.equipment_id = ${equipment_id} AND r.status = 'active'
          AND r.currency <> e.currency)`),
    { expect },
  );

/** A version as it is stored. */
interface Body {
  currency: string | null;
  hourly_rate_minor: number | null;
  deposit_minor: number | null;
  rules: CostRule[];
}

const own = (rule_type: "hourly" | "deposit", amount_minor: number): CostRule => ({
  id: null,
  rule_type,
  priority: 0,
  amount_minor,
  percent: null,
  tiers: [],
  hours: null,
  weekdays: null,
  plan_ids: null,
  skill_id: null,
  min_level: null,
  member_ids: null,
  project_ids: null,
  valid_from: null,
  valid_to: null,
});

/** The machine's own rate and deposit are rules like others, behind them all. Null when nothing is said of money. */
export function bookOf({ version, body }: { version: number; body: string }): PriceBook | null {
  // Written by `newPriceVersion` alone.
  const { currency, hourly_rate_minor, deposit_minor, rules } = JSON.parse(body) as Body;
  const all = [
    ...rules,
    ...(hourly_rate_minor === null ? [] : [own("hourly", hourly_rate_minor)]),
    ...(deposit_minor === null ? [] : [own("deposit", deposit_minor)]),
  ];
  return currency === null || all.length === 0 ? null : { version, currency, rules: all };
}

/** The newest version of the machine `equipment_id`, and more columns that are read only where there is one. */
export const selectNewest = <More extends Record<string, SQL.Aliased<string>>>(
  store: SpaceStore,
  equipment_id: string,
  more: More,
) =>
  store.db
    .select({ version: priceVersions.version, body: priceVersions.body, ...more })
    .from(priceVersions)
    .where(store.in(priceVersions, eq(priceVersions.equipment_id, equipment_id)))
    .orderBy(desc(priceVersions.version))
    .limit(1);

/** What `selectNewest` found; null without a price. */
export function readNewest(rows: unknown): PriceBook | null {
  const [row] = rows as { version: number; body: string }[];
  return row ? bookOf(row) : null;
}
