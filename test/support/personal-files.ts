/** What files, and what is said of machines, may tell of somebody. */

/** A row for each of these tables, by name. */
export function fileRows(
  here: { makerspace_id: string },
  {
    id,
    member_id,
    equipment_id,
    text,
    now,
  }: Record<"id" | "member_id" | "equipment_id" | "text", string> & { now: number },
) {
  return {
    fault_reports: {
      ...here,
      id,
      equipment_id,
      member_id,
      severity: "minor",
      text,
      status: "open",
      took_down: 0,
      version: 1,
      created_at: now,
      updated_at: now,
    },
    equipment_ratings: {
      ...here,
      id,
      equipment_id,
      member_id,
      stars: 4,
      text,
      status: "visible",
      version: 1,
      created_at: now,
      updated_at: now,
    },
    file_usage: { ...here, uploader_id: member_id, bytes: 0 },
    files: {
      ...here,
      id,
      uploader_id: member_id,
      purpose: "equipment_photo",
      name: text,
      status: "ready",
      content_type: "image/png",
      size: 10,
      counted: 10,
      sha256: "a".repeat(64),
      attempt: 1,
      tries: 0,
      version: 1,
      created_at: now,
      updated_at: now,
    },
  };
}
