/** What the files module may know of somebody. */

/** A row for each of its tables, by name. */
export function fileRows(
  here: { makerspace_id: string },
  { id, member_id, text, now }: { id: string; member_id: string; text: string; now: number },
) {
  return {
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
