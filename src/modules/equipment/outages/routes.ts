import { maybeReplayed, Preview, spaceRoute } from "../../../platform/route.ts";
import { machineFact } from "../machines/index.ts";
import {
  MachineOutageQuery,
  Outage,
  OutageInput,
  OutagePage,
  OutagePatch,
  OutagePlan,
  OutageQuery,
  PlanningQuery,
} from "./contract.ts";
import { listMachineOutages, listOutages } from "./lists.ts";
import { amendOutage, liftOutage, planAmendment, planOutage, readOutage, takeOut } from "./service.ts";

const tag = "equipment";
const onMachine = "/equipment/{equipment_id}/outages";
const facts = { machine: machineFact };
const refusals = ["plan_stale", "outage_refused", "equipment_retired"] as const;

export const outageRoutes = [
  spaceRoute(
    {
      operation_id: "create_outage",
      tag,
      method: "post",
      path: onMachine,
      summary: "Take a machine out of service; bookings in the way are cancelled or moved, and their holders told",
      description:
        "A running session goes on. With `dry_run` nothing changes: the answer (200) lists the bookings in the way, and a `plan_token` that holds " +
        "the real call to exactly these. Nobody pays a late fee for a booking that an outage ends.",
      permission: "equipment.manage",
      facts,
      query: PlanningQuery,
      body: OutageInput,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      response: Outage,
      preview: OutagePlan,
      problems: refusals,
    },
    async (space, { facts: { machine }, body, query }) => {
      if (query.dry_run || body.dry_run) return new Preview(await planOutage(space, machine, body));
      const { view, replayed } = await takeOut(space, machine, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "list_equipment_outages",
      tag,
      method: "get",
      path: onMachine,
      summary: "When a machine is out of service",
      permission: "equipment.read",
      facts,
      query: MachineOutageQuery,
      response: OutagePage,
      problems: ["invalid_cursor"],
    },
    (space, { facts: { machine }, query }) => listMachineOutages(space, machine, query),
  ),
  spaceRoute(
    {
      operation_id: "get_outage",
      tag,
      method: "get",
      path: `${onMachine}/{outage_id}`,
      summary: "One outage, from the machine's object",
      permission: "equipment.read",
      facts,
      response: Outage,
    },
    (space, { params, facts: { machine } }) => readOutage(space, machine, params.outage_id),
  ),
  spaceRoute(
    {
      operation_id: "update_outage",
      tag,
      method: "patch",
      path: `${onMachine}/{outage_id}`,
      summary: "Extend or shorten an outage, or say something else of it",
      description: "What it newly meets gives way as with a new one; `dry_run` says what that is.",
      permission: "equipment.manage",
      facts,
      query: PlanningQuery,
      body: OutagePatch,
      if_match: "required",
      idempotency: "optional",
      keys_in: "object",
      response: Outage,
      preview: OutagePlan,
      problems: refusals,
    },
    async (space, { params, facts: { machine }, body, query, if_match }) => {
      if (query.dry_run || body.dry_run) {
        return new Preview(await planAmendment(space, machine, params.outage_id, body));
      }
      const { view, replayed } = await amendOutage(space, machine, params.outage_id, if_match, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "lift_outage",
      tag,
      method: "delete",
      path: `${onMachine}/{outage_id}`,
      summary: "The machine is back at once; an outage that was lifted stays lifted",
      permission: "equipment.manage",
      facts,
      status: 204,
      problems: ["outage_refused", "equipment_retired"],
    },
    (space, { params, facts: { machine } }) => liftOutage(space, machine, params.outage_id),
  ),
  spaceRoute(
    {
      operation_id: "list_outages",
      tag,
      method: "get",
      path: "/outages",
      summary: "Outages across machines",
      description: "A projection in D1, some tenths of a second behind.",
      permission: "equipment.read",
      query: OutageQuery,
      response: OutagePage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listOutages(space, query),
  ),
];
