import type { z } from "@hono/zod-openapi";
import { toIso } from "../../../platform/time.ts";
import type { FileRow } from "../../files/index.ts";
import type { MachineFile } from "./contract.ts";

export const viewMachineFile = (row: FileRow): z.output<typeof MachineFile> => ({
  id: row.id,
  equipment_id: row.owner_id ?? "",
  kind: row.purpose === "equipment_manual" ? "manual" : "photo",
  name: row.name,
  content_type: row.content_type,
  size: row.size,
  sha256: row.sha256,
  width: row.width,
  height: row.height,
  thumbnail: row.thumbnail_size !== null,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
