/** Faults of machines: reported by anybody, decided by staff; what could hurt somebody stops the machine. */

import type { z } from "@hono/zod-openapi";
import { and, eq, inArray } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { attachWrites } from "../../files/index.ts";
import { machineFact } from "../machines/service.ts";
import { pushStatus, type StatusChange, statusChange } from "../machines/status.ts";
import { type MachineRow, requireMachine } from "../machines/view.ts";
import { reachesAll } from "../standing.ts";
import type { FaultReport, FaultReportInput } from "./contract.ts";
import { type FaultStep, faultTransitions, MAX_FILES, mayStep } from "./model.ts";
import { findFault, withFiles } from "./reads.ts";
import { faultReports } from "./tables.ts";
import { type FaultRow, viewFault } from "./view.ts";

type View = z.output<typeof FaultReport>;

const unchanged: StatusChange = { writes: [], events: [], changes: false };

/** The machine of a report. @throws unknown_reference, equipment_retired */
async function machineOf(space: Space, equipment_id: string): Promise<MachineRow> {
  const [machine] = await machineFact(space.store, { equipment_id });
  if (!machine) throw problem("unknown_reference");
  if (machine.retired_at !== null) throw problem("equipment_retired");
  return machine;
}

/** What could hurt somebody stops a machine that is in use otherwise. */
const stopped = (space: Space, machine: MachineRow, severity: FaultRow["severity"]): StatusChange =>
  severity === "safety" && space.settings.sections.access.safety_reports_stop_machines
    ? statusChange(space, machine, "under_maintenance")
    : unchanged;

async function commitReport(
  space: Space,
  { equipment_id, severity, text, file_ids }: z.output<typeof FaultReportInput>,
): Promise<{ view: View; changes: boolean }> {
  const machine = await machineOf(space, equipment_id);
  const { writes, events, changes } = stopped(space, machine, severity);
  const { id: member_id } = space.member;
  const row: FaultRow = space.store.row({
    id: newId(),
    equipment_id,
    member_id,
    severity,
    text,
    status: "open" as const,
    took_down: changes,
    note: null,
    handled_by: null,
    handled_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const view = viewFault(row, [...new Set(file_ids)]);
  await space.commit(
    {
      action: "fault_report.created",
      subject: { type: "fault_report", id: row.id, version: 1 },
      after: { equipment_id, severity, took_down: changes, files: view.file_ids.length },
      events: [
        { type: "fault_report.created", data: { equipment_id, member_id, severity, took_down: changes } },
        ...events,
      ],
      answer: { status: 201, body: view },
    },
    write(space.db.insert(faultReports).values(row)),
    ...attachWrites(space, { purpose: "fault_report", owner_id: row.id }, file_ids, MAX_FILES),
    ...writes,
  );
  return { view, changes };
}

/**
 * Reports a fault. One of `safety` takes the machine out of use in the same step; of two at once, one does.
 * @throws unknown_reference, equipment_retired, file_unusable; forbidden for those who are no members
 */
export async function reportFault(space: Space, input: z.output<typeof FaultReportInput>): Promise<View> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { view, changes } = await commitReport(space, input);
      if (changes) await pushStatus(space, input.equipment_id);
      return view;
    } catch (error) {
      // Somebody changed the machine meanwhile: what is reported stands all the same.
      if (!(error instanceof Problem && error.code === "conflict") || attempt === 4) throw error;
    }
  }
}

interface Step {
  step: FaultStep;
  note?: string | undefined;
  /** The machine can be used again. */
  available?: boolean;
}

/** Takes a step on a report of this machine. @throws not_found, forbidden, illegal_transition, conflict */
export async function stepFault(
  space: Space,
  rows: MachineRow[],
  id: string,
  { step, note, available = false }: Step,
): Promise<View> {
  const machine = requireMachine(rows);
  if (!reachesAll(space, "fault_reports.manage", machine)) throw problem("forbidden");
  const row = await findFault(space, id);
  if (row.equipment_id !== machine.id) throw problem("not_found");
  if (!mayStep(step, row.status)) throw problem("illegal_transition", { current_status: row.status });
  const { from, to: status } = faultTransitions[step];
  const back = available ? statusChange(space, machine, "available") : unchanged;
  const set = {
    status,
    note: note ?? row.note,
    handled_by: space.actor.id,
    handled_at: space.now,
    updated_at: space.now,
    version: row.version + 1,
  };
  const { equipment_id, member_id, severity } = row;
  await space.commit(
    {
      action: `fault_report.${status}`,
      subject: { type: "fault_report", id, version: set.version },
      before: { status: row.status },
      after: { status, equipment_id, severity },
      events: [{ type: `fault_report.${status}`, data: { equipment_id, member_id, severity } }, ...back.events],
    },
    write(
      space.db
        .update(faultReports)
        .set(set)
        .where(
          space.store.in(
            faultReports,
            and(eq(faultReports.id, id), eq(faultReports.version, row.version)),
            inArray(faultReports.status, [...from]),
          ),
        ),
      { expect: "conflict" },
    ),
    ...back.writes,
  );
  if (back.changes) await pushStatus(space, machine.id);
  const [view] = await withFiles(space, [{ ...row, ...set }]);
  return view ?? viewFault({ ...row, ...set }, []);
}
