import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant } from "../../../platform/contract.ts";
import { fileTypes } from "../../../platform/file-types.ts";
import { machineFileKinds } from "./model.ts";

const kind = z.enum(machineFileKinds);

export const MachineFileInput = z
  .strictObject({
    file_id: Id.openapi({ description: "A file of one's own, uploaded for `equipment_photo` or `equipment_manual`." }),
    kind,
  })
  .openapi("EquipmentFileInput");

export const MachineFile = z
  .strictObject({
    id: Id.openapi({ description: "The file's: its content and links are read under `files/{file_id}`." }),
    equipment_id: Id,
    kind,
    name: z.string(),
    content_type: z.enum(fileTypes).nullable(),
    size: z.int().openapi({ description: "Bytes." }),
    sha256: z.string().nullable(),
    width: z.int().nullable().openapi({ description: "Pixels." }),
    height: z.int().nullable(),
    thumbnail: z.boolean(),
    created_at: Instant,
    updated_at: Instant,
    version: z.int(),
  })
  .openapi("EquipmentFile");

export const MachineFileQuery = z.strictObject({ kind: anyOf(kind) });
export const MachineFiles = z.strictObject({ data: z.array(MachineFile) }).openapi("EquipmentFiles");
