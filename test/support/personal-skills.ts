/** What the skills module may know of somebody. */

/** A row for each of its tables, by name. */
export function skillRows(
  here: { makerspace_id: string },
  { id, member_id, text, now }: { id: string; member_id: string; text: string; now: number },
) {
  const versioned = { version: 1, created_at: now, updated_at: now };
  return {
    skills: {
      ...here,
      id,
      name: `Skill ${id}`,
      name_key: id,
      category: "laser",
      status: "active",
      high_risk: 0,
      warning_days: 30,
      ...versioned,
    },
    skill_trainers: { ...here, skill_id: id, member_id },
    certifications: {
      ...here,
      id,
      skill_id: id,
      member_id,
      level: "expert",
      status: "revoked",
      certified_at: now,
      certified_by: "x",
      ended_at: now,
      ended_because: "revoked",
      reason: text,
      evidence: text,
      ...versioned,
    },
    skill_requests: {
      ...here,
      id,
      skill_id: id,
      member_id,
      status: "rejected",
      message: text,
      note: text,
      ...versioned,
    },
  };
}
