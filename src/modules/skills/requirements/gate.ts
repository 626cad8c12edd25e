/** What stands between a person and a machine: reads that a booking takes along with its other facts. */

import { eq, type SQL, sql } from "drizzle-orm";
import type { BatchRead } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { AskedSkill, Holding, SkillGate, SkillLevel } from "../../../platform/skills.ts";
import { idleAt } from "../model.ts";
import { skillRequirementSkills, skillRequirements } from "../tables.ts";
import type { RequirementGroup } from "./view.ts";

/** A certification as the read brings it. */
interface Held {
  level: SkillLevel;
  status: Holding["status"];
  certified_at: number;
  cosigned_at: number | null;
  expires_at: number | null;
  last_used_at: number | null;
  ended_at: number | null;
}

interface Named {
  id: string;
  name: string;
  disuse_days: number | null;
  held: Held[];
}

/**
 * What a member holds of some skills, as a column. `of` joins `skills s`. Names its columns in full: Drizzle leaves the table out in selects
 * from one table.
 */
export const holdingsJson = (store: SpaceStore, member: SQL, of: SQL) => sql<string>`(
  SELECT coalesce(json_group_array(json_object('id', s.id, 'name', s.name, 'disuse_days', s.disuse_days, 'held', json((
    SELECT coalesce(json_group_array(json_object('level', c.level, 'status', c.status, 'certified_at', c.certified_at,
      'cosigned_at', c.cosigned_at, 'expires_at', c.expires_at, 'last_used_at', c.last_used_at, 'ended_at', c.ended_at)), '[]')
    FROM certifications c WHERE c.makerspace_id = ${store.makerspace_id} AND c.member_id = ${member} AND c.skill_id = s.id
      AND c.status IN ('awaiting_cosign', 'certified', 'expired', 'revoked'))))), '[]')
  FROM ${of})`;

const skillsJson = (store: SpaceStore, member: SQL) =>
  holdingsJson(
    store,
    member,
    sql`skill_requirement_skills l JOIN skills s ON s.makerspace_id = l.makerspace_id AND s.id = l.skill_id
      WHERE l.makerspace_id = ${store.makerspace_id} AND l.equipment_id = skill_requirements.equipment_id`,
  );

const select = (store: SpaceStore, member: SQL, equipment_id: string) =>
  store.db
    .select({
      enforcement: skillRequirements.enforcement,
      grace_days: skillRequirements.grace_days,
      groups: skillRequirements.groups,
      skills: skillsJson(store, member).as("skills"),
    })
    .from(skillRequirements)
    .where(store.in(skillRequirements, eq(skillRequirements.equipment_id, equipment_id)));

interface Row {
  enforcement: SkillGate["enforcement"];
  grace_days: number;
  groups: unknown;
  skills: string;
}

/** One that has expired ended when it was found to; the clockwork has settled why. */
const toHolding = ({ disuse_days }: Named, held: Held): Holding => ({
  level: held.level,
  status: held.status,
  expires_at: held.status === "expired" ? held.ended_at : held.expires_at,
  idle_at: held.status === "expired" ? null : idleAt({ ...held, disuse_days }),
});

/** What `holdingsJson` found, by skill. */
export const readHoldings = (text: string): { skill_id: string; name: string; holdings: Holding[] }[] =>
  (JSON.parse(text) as Named[]).map((one) => ({
    skill_id: one.id,
    name: one.name,
    holdings: one.held.map((held) => toHolding(one, held)),
  }));

function read(rows: unknown): SkillGate | null {
  const [row] = rows as Row[];
  if (!row) return null;
  const skills = new Map(readHoldings(row.skills).map((one) => [one.skill_id, one]));
  const { enforcement, grace_days } = row;
  const groups = (row.groups as RequirementGroup[]).map(({ mode, skills: asked }) => ({
    mode,
    skills: asked.map(({ skill_id, min_level }): AskedSkill => {
      const { name = skill_id, holdings = [] } = skills.get(skill_id) ?? {};
      return { skill_id, name, min_level, holdings };
    }),
  }));
  return groups.length === 0 ? null : { enforcement, grace_days, groups };
}

/** Between the caller and the machine of the path, in the authorisation trip; null when it asks for nothing. */
export const skillGateOfUser: BatchRead<SkillGate | null> = {
  build: (store, { user_id = "", equipment_id = "" }) =>
    select(
      store,
      sql`(SELECT m.id FROM members m WHERE m.makerspace_id = ${store.makerspace_id} AND m.user_id = ${user_id})`,
      equipment_id,
    ),
  read,
};

/** Between the member `member_id` and the machine `equipment_id`. */
export const skillGate: BatchRead<SkillGate | null> = {
  build: (store, { member_id = "", equipment_id = "" }) => select(store, sql`${member_id}`, equipment_id),
  read,
};

/** The machines that ask for a skill. */
export async function machinesAsking(store: SpaceStore, skill_id: string): Promise<string[]> {
  const rows = await store.db
    .select({ id: skillRequirementSkills.equipment_id })
    .from(skillRequirementSkills)
    .where(store.in(skillRequirementSkills, eq(skillRequirementSkills.skill_id, skill_id)));
  return rows.map((row) => row.id);
}
