/** What a machine asks of people, and what a person brings to it. Pure: the worker reads both, the machine's object judges. Times are epoch milliseconds. */

import type { ReasonInput } from "./problem.ts";
import { DAY } from "./time.ts";

/** From the lowest to the highest. */
export const skillLevels = ["beginner", "intermediate", "advanced", "expert"] as const;
export type SkillLevel = (typeof skillLevels)[number];

/** block: nobody gets in without; warn: everybody does, and is told. */
export const enforcements = ["block", "warn"] as const;
export const groupModes = ["all", "any"] as const;

/** A certification of somebody, as far as it says what they may do. */
export interface Holding {
  level: SkillLevel;
  /** An expired one may still count in the days of grace. */
  status: "awaiting_cosign" | "certified" | "expired" | "revoked";
  /** When it ends, or ended; null without an end. */
  expires_at: number | null;
  /** When it ends unless a machine of the skill is used before; null where disuse ends nothing. */
  idle_at: number | null;
}

/** A skill that a machine asks for, and what the person has of it. */
export interface AskedSkill {
  skill_id: string;
  name: string;
  min_level: SkillLevel | null;
  holdings: readonly Holding[];
}

/** All that stands between one person and one machine, as far as skills go. */
export interface SkillGate {
  enforcement: (typeof enforcements)[number];
  /** A certification counts this long after its end. */
  grace_days: number;
  groups: readonly { mode: (typeof groupModes)[number]; skills: readonly AskedSkill[] }[];
}

/** What is said of one skill, from the best to the worst. */
const verdicts = [
  "fits",
  "in_grace",
  "level_too_low",
  "awaiting_cosign",
  "expires_before",
  "expired",
  "revoked",
  "missing",
] as const;
type Verdict = (typeof verdicts)[number];

/** True when `level` is at least `least`. */
export const reaches = (level: SkillLevel, least: SkillLevel | null): boolean =>
  least === null || skillLevels.indexOf(level) >= skillLevels.indexOf(least);

/** A time that begins at `at`: dates are held against its start, disuse against today, because use until then counts. */
function verdictOf(holding: Holding, min_level: SkillLevel | null, grace_ms: number, at: number, now: number): Verdict {
  const { status, expires_at, idle_at, level } = holding;
  if (status === "revoked") return "revoked";
  const lasts = (more: number): boolean =>
    (expires_at === null || at < expires_at + more) && (idle_at === null || now < idle_at + more);
  const isOver = !lasts(grace_ms);
  if (isOver) return expires_at !== null && now < expires_at ? "expires_before" : "expired";
  if (!reaches(level, min_level)) return "level_too_low";
  if (status === "awaiting_cosign") return "awaiting_cosign";
  return lasts(0) ? "fits" : "in_grace";
}

const words: Readonly<Record<Exclude<Verdict, "fits">, readonly [detail: string, fix: string]>> = {
  in_grace: ["has expired and counts for a few days more", "Have it renewed."],
  level_too_low: ["is not held at the level that is asked for", "Be certified at a higher level."],
  awaiting_cosign: ["waits for the signature of a second person", "Ask another trainer to sign."],
  expires_before: ["expires before this time begins", "Have it renewed, or choose an earlier time."],
  expired: ["has expired", "Have it renewed."],
  revoked: ["was revoked", "Ask a trainer."],
  missing: ["is missing", "Be trained, and ask to be certified."],
};

interface Said {
  skill: AskedSkill;
  verdict: Verdict;
}

/** The reason that a skill makes. `options` is how many skills of its group would each do, 1 where it is needed itself. */
function reasonFor({ skill, verdict }: Said, options: number): ReasonInput[] {
  if (verdict === "fits") return [];
  const [detail, fix] = words[verdict];
  const { skill_id, name, min_level } = skill;
  const others = options > 1 ? ` It is one of ${options} that would do.` : "";
  const limit = { skill_id, because: verdict, ...(min_level && { min_level }) };
  return [{ code: "skill_required", detail: `"${name}" ${detail}.${others}`, fix, limit }];
}

/** What skills say of a time: what stops it, and what is only said. */
export interface SkillJudgement {
  reasons: ReasonInput[];
  warnings: ReasonInput[];
}

/**
 * Judges a time that begins at `at`. Every skill that is missing is named, so that one answer helps; of a group of which one is enough, each
 * that would do. Only what its machine blocks on is a reason.
 */
export function judgeSkills(gate: SkillGate | null, at: number, now: number): SkillJudgement {
  const judgement: SkillJudgement = { reasons: [], warnings: [] };
  if (!gate) return judgement;
  const stops = gate.enforcement === "block" ? judgement.reasons : judgement.warnings;
  const grace_ms = gate.grace_days * DAY;
  for (const { mode, skills } of gate.groups) {
    const said = skills.map((skill): Said => {
      const found = skill.holdings.map((holding) => verdictOf(holding, skill.min_level, grace_ms, at, now));
      return { skill, verdict: verdicts.find((each) => found.includes(each)) ?? "missing" };
    });
    const lets = ({ verdict }: Said): boolean => verdict === "fits" || verdict === "in_grace";
    if (mode === "any" && said.some(lets)) {
      const best = said.some(({ verdict }) => verdict === "fits") ? [] : said.filter(lets).slice(0, 1);
      for (const one of best) judgement.warnings.push(...reasonFor(one, 1));
      continue;
    }
    const options = mode === "any" ? skills.length : 1;
    for (const one of said) (lets(one) ? judgement.warnings : stops).push(...reasonFor(one, options));
  }
  return judgement;
}

/** The highest level that counts for a time that begins at `at`; null when none does. Days of grace let somebody in, and count for nothing else. */
export function countingLevel(holdings: readonly Holding[], at: number, now: number): SkillLevel | null {
  const levels = holdings.filter((one) => verdictOf(one, null, 0, at, now) === "fits").map(({ level }) => level);
  return levels.sort((a, b) => skillLevels.indexOf(b) - skillLevels.indexOf(a))[0] ?? null;
}

/** When a certification ends if nothing happens, by date or by disuse; null without an end. */
export const endOf = ({ expires_at, idle_at }: Pick<Holding, "expires_at" | "idle_at">): number | null =>
  expires_at === null ? idle_at : idle_at === null ? expires_at : Math.min(expires_at, idle_at);
