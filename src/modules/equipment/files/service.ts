/** Photos and manuals of a machine: hung on it and taken off by whoever may change it, read by whoever may see it. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { attachWrites, dropFiles, type FileRow, fileOf, filesOf, removeWrites } from "../../files/index.ts";
import { type MachineRow, requireMachine } from "../machines/view.ts";
import { mayManage } from "../standing.ts";
import type { MachineFile, MachineFileInput, MachineFileQuery, MachineFiles } from "./contract.ts";
import { MAX_OF_A_KIND, machineFileKinds, purposeOf } from "./model.ts";
import { viewMachineFile } from "./view.ts";

function manageable(space: Space, rows: MachineRow[]): MachineRow {
  const machine = requireMachine(rows);
  if (!mayManage(space, machine)) throw problem("forbidden");
  return machine;
}

/** @throws not_found, forbidden, equipment_retired, file_unusable, too_many_files */
export async function addMachineFile(
  space: Space,
  rows: MachineRow[],
  { file_id, kind }: z.output<typeof MachineFileInput>,
): Promise<z.output<typeof MachineFile>> {
  const machine = manageable(space, rows);
  if (machine.retired_at !== null) throw problem("equipment_retired");
  const holder = { purpose: purposeOf[kind], owner_id: machine.id };
  await space.commit(
    {
      action: "equipment.file_added",
      subject: { type: "equipment", id: machine.id, version: machine.version },
      after: { file_id, kind },
    },
    ...attachWrites(space, holder, [file_id], MAX_OF_A_KIND),
  );
  return viewMachineFile(await fileOf(space, holder, file_id));
}

/** Photos, then manuals, each the oldest first. @throws not_found */
export async function listMachineFiles(
  space: Space,
  rows: MachineRow[],
  { kind }: z.output<typeof MachineFileQuery>,
): Promise<z.output<typeof MachineFiles>> {
  const { id } = requireMachine(rows);
  const kinds = machineFileKinds.filter((one) => kind?.includes(one) ?? true);
  const found = await Promise.all(kinds.map((one) => filesOf(space.store, purposeOf[one], [id], MAX_OF_A_KIND)));
  return { data: found.flat().map(viewMachineFile) };
}

async function findMachineFile(space: Space, owner_id: string, file_id: string): Promise<FileRow> {
  const found = await Promise.all(
    machineFileKinds.map((kind) => fileOf(space, { purpose: purposeOf[kind], owner_id }, file_id).catch(() => null)),
  );
  const row = found.find((one) => one !== null);
  if (!row) throw problem("not_found");
  return row;
}

/** Takes a file off a machine; it is gone then. @throws not_found, forbidden, conflict */
export async function removeMachineFile(space: Space, rows: MachineRow[], file_id: string): Promise<void> {
  const machine = manageable(space, rows);
  const row = await findMachineFile(space, machine.id, file_id);
  await space.commit(
    {
      action: "equipment.file_removed",
      subject: { type: "equipment", id: machine.id, version: machine.version },
      before: { file_id, purpose: row.purpose },
    },
    ...removeWrites(space, row),
  );
  await dropFiles(space, [row]);
}
