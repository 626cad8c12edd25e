import { spaceRoute } from "../../../platform/route.ts";
import { Equipment, EquipmentInput, EquipmentPage, EquipmentPatch, EquipmentQuery } from "./contract.ts";
import { listMachines } from "./lists.ts";
import { retireMachine } from "./retirement.ts";
import { createMachine, machineDetailFact, readMachine, updateMachine } from "./service.ts";

const tag = "equipment";
const one = "/equipment/{equipment_id}";
const facts = { machine: machineDetailFact };
const taken = ["code_taken", "external_id_taken", "unknown_reference"] as const;

export const machineRoutes = [
  spaceRoute(
    {
      operation_id: "create_equipment",
      tag,
      method: "post",
      path: "/equipment",
      summary: "Add a machine",
      permission: "equipment.manage",
      body: EquipmentInput,
      idempotency: "optional",
      status: 201,
      response: Equipment,
      problems: [...taken, "conflict"],
    },
    (space, { body }) => createMachine(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_equipment",
      tag,
      method: "get",
      path: "/equipment",
      summary: "Machines",
      permission: "equipment.read",
      query: EquipmentQuery,
      response: EquipmentPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listMachines(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_equipment",
      tag,
      method: "get",
      path: one,
      summary: "One machine",
      permission: "equipment.read",
      tablets: true,
      facts,
      response: Equipment,
    },
    (space, { facts: { machine } }) => readMachine(space, machine),
  ),
  spaceRoute(
    {
      operation_id: "update_equipment",
      tag,
      method: "patch",
      path: one,
      summary: "Change a machine or its booking policy; existing bookings stay",
      permission: "equipment.manage",
      facts,
      body: EquipmentPatch,
      if_match: "optional",
      response: Equipment,
      problems: [...taken, "equipment_retired", "currency_mismatch", "conflict"],
    },
    (space, { facts: { machine }, body, if_match }) => updateMachine(space, machine, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "retire_equipment",
      tag,
      method: "delete",
      path: one,
      summary: "Retire a machine; its history stays",
      permission: "equipment.manage",
      facts,
      status: 204,
      problems: ["has_open_reservations"],
    },
    (space, { facts: { machine } }) => retireMachine(space, machine),
  ),
];
