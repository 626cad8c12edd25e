import { spaceRoute } from "../../../platform/route.ts";
import { machineFact } from "../machines/service.ts";
import { MachineFile, MachineFileInput, MachineFileQuery, MachineFiles } from "./contract.ts";
import { addMachineFile, listMachineFiles, removeMachineFile } from "./service.ts";

const tag = "equipment";
const all = "/equipment/{equipment_id}/files";
const facts = { machine: machineFact };

export const machineFileRoutes = [
  spaceRoute(
    {
      operation_id: "add_equipment_file",
      tag,
      method: "post",
      path: all,
      summary: "Hang an uploaded photo or manual on a machine",
      permission: "equipment.manage",
      facts,
      body: MachineFileInput,
      location: "/files/{id}",
      status: 201,
      response: MachineFile,
      problems: ["equipment_retired", "file_unusable", "too_many_files"],
    },
    (space, { facts: { machine }, body }) => addMachineFile(space, machine, body),
  ),
  spaceRoute(
    {
      operation_id: "list_equipment_files",
      tag,
      method: "get",
      path: all,
      summary: "Photos and manuals of a machine, at most twenty of each",
      permission: "equipment.read",
      facts,
      query: MachineFileQuery,
      response: MachineFiles,
    },
    (space, { facts: { machine }, query }) => listMachineFiles(space, machine, query),
  ),
  spaceRoute(
    {
      operation_id: "remove_equipment_file",
      tag,
      method: "delete",
      path: `${all}/{file_id}`,
      summary: "Take a photo or manual off a machine; it is deleted",
      permission: "equipment.manage",
      facts,
      status: 204,
      problems: ["conflict"],
    },
    (space, { facts: { machine }, params }) => removeMachineFile(space, machine, params.file_id),
  ),
];
