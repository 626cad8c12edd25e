/** Fault reports as they are read: by whoever reported them, by staff, and by owners of the machine. */

import type { z } from "@hono/zod-openapi";
import { and, desc, eq, lt } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { fileIdsOf } from "../../files/index.ts";
import { reachIn } from "../standing.ts";
import type { FaultReport, FaultReportQuery } from "./contract.ts";
import { faultStatuses, MAX_FILES, severities } from "./model.ts";
import { faultReports } from "./tables.ts";
import { type FaultRow, viewFault } from "./view.ts";

type View = z.output<typeof FaultReport>;

/** Reports with the ids of their files. */
export async function withFiles(space: Space, rows: readonly FaultRow[]): Promise<View[]> {
  const ids = rows.map(({ id }) => id);
  const files = await fileIdsOf(space.store, "fault_report", ids, MAX_FILES);
  return rows.map((row) => viewFault(row, files(row.id)));
}

/** A report of the makerspace, whoever asks. @throws not_found */
export async function findFault(space: Space, id: string): Promise<FaultRow> {
  const [row] = await space.db
    .select()
    .from(faultReports)
    .where(space.store.in(faultReports, eq(faultReports.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** True for one's own, for staff of the machine, and for its owner. */
async function maySee(space: Space, row: FaultRow): Promise<boolean> {
  if (row.member_id !== null && row.member_id === space.actor.id) return true;
  return (await reachIn(space, "fault_reports.read"))(row.equipment_id);
}

/** Whether the caller may see the report that a file belongs to. */
export async function maySeeFault(space: Space, id: string): Promise<boolean> {
  const row = await findFault(space, id).catch(() => null);
  return row !== null && (await maySee(space, row));
}

/** @throws not_found; for members, others' too */
export async function readFault(space: Space, id: string): Promise<View> {
  const row = await findFault(space, id);
  const [view] = (await maySee(space, row)) ? await withFiles(space, [row]) : [];
  if (!view) throw problem("not_found");
  return view;
}

/** Newest first. @throws invalid_cursor; forbidden for what is neither one's own nor one's duty */
export async function listFaults(space: Space, query: z.output<typeof FaultReportQuery>): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["fault_reports", filter];
  const after = readCursor(cursor, list);
  const { equipment_id } = filter;
  const reaches = await reachIn(space, "fault_reports.read");
  const seesAll = space.scope("fault_reports.read") === "any" || (equipment_id !== undefined && reaches(equipment_id));
  const whose = filter.member_id === "me" ? space.actor.id : filter.member_id;
  if (!seesAll && whose !== undefined && whose !== space.actor.id) throw problem("forbidden");
  const member_id = seesAll ? whose : space.actor.id;
  const status = filter.status ?? [...faultStatuses];
  const severity = filter.severity ?? [...severities];
  const walks = combinations({ status, severity }).map((one) =>
    space.db
      .select()
      .from(faultReports)
      .where(
        space.store.in(
          faultReports,
          and(
            member_id === undefined ? undefined : leads(faultReports.member_id, member_id),
            equipment_id === undefined ? undefined : leads(faultReports.equipment_id, equipment_id),
            one.status === undefined ? undefined : leads(faultReports.status, one.status),
            one.severity === undefined ? undefined : leads(faultReports.severity, one.severity),
            after ? lt(faultReports.id, after.id) : undefined,
          ),
        ),
      )
      .orderBy(desc(faultReports.id))
      .limit(limit + 1),
  );
  const newest = (a: FaultRow, b: FaultRow): number => (a.id > b.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks(space.db, walks, newest, limit + 1));
  const views = new Map((await withFiles(space, rows.slice(0, limit))).map((view) => [view.id, view]));
  return toPage(
    rows,
    limit,
    list,
    (row) => ({ value: row.id, id: row.id }),
    (row) => views.get(row.id) ?? viewFault(row, []),
  );
}
