/**
 * Compares what D1 shows of a machine with what the machine knows, and mends D1: rows that differ or are missing are projected again,
 * rows that the machine never heard of are marked as orphans and left to people. Nothing is deleted.
 */

import { outageStatuses, reservationStatuses, seriesStatuses } from "../../src/modules/equipment/model.ts";
import type { ReconcileReport } from "../../src/modules/equipment/port.ts";
import { rows } from "../sql.ts";
import { IS_UNSENT, type Outbox } from "./outbox.ts";
import type { Ports } from "./ports.ts";
import type { Projection } from "./projection.ts";
import { outageColumns, reservationColumns, sessionColumns } from "./store/rows.ts";
import { seriesColumns } from "./store/series.ts";
import type { Store } from "./store.ts";

const PAGE = 500;

type Table = "reservations" | "sessions" | "series" | "outages";
/** A row of one of the tables, as far as comparing goes. */
type Comparable = Record<string, string | number | null> & { id: string; version: number };

const columnsOf: Record<Table, readonly string[]> = {
  reservations: reservationColumns,
  sessions: sessionColumns,
  series: seriesColumns,
  outages: outageColumns,
};
const kindOf = { reservations: "reservation", sessions: "session", series: "series", outages: "outage" } as const;
const timeOf: Record<Table, string> = {
  reservations: "starts_at",
  sessions: "started_at",
  series: "starts_at",
  outages: "starts_at",
};
const statusesOf: Record<Table, readonly string[]> = {
  reservations: reservationStatuses,
  sessions: ["active", "completed"],
  series: seriesStatuses,
  outages: outageStatuses,
};

export interface Reconciliation {
  store: Store;
  outbox: Outbox;
  projection: Projection;
  ports: Ports;
  makerspace_id: string;
}

/** Runs one comparison. Rows that change meanwhile go with the next flush anyway. */
export async function reconcile(work: Reconciliation): Promise<ReconcileReport> {
  await work.projection.drain();
  await work.projection.outrun();
  const parked = await work.projection.offerParked();
  const none = { repaired: 0, orphans: 0, marked: 0, parked };
  const report: ReconcileReport = { reservations: 0, sessions: 0, series: 0, outages: 0, ...none };
  for (const table of ["reservations", "sessions", "series", "outages"] as const) {
    const { compared, differing } = await compare(work, table);
    report[table] = compared;
    report.repaired += differing;
    for (const status of statusesOf[table]) {
      const { orphans, marked } = await markOrphans(work, table, status);
      report.orphans += orphans;
      report.marked += marked;
    }
  }
  work.projection.touch();
  await work.projection.drain();
  return report;
}

/** Sends again what D1 shows otherwise, or not at all. */
async function compare(work: Reconciliation, table: Table): Promise<{ compared: number; differing: number }> {
  const { store, ports, makerspace_id } = work;
  const columns = columnsOf[table];
  const { sql } = store.storage;
  let compared = 0;
  let differing = 0;
  for (let after = ""; ; ) {
    const own = rows<Comparable>(
      sql,
      `SELECT ${columns.join(", ")} FROM ${table} WHERE id > ?2 AND NOT ${IS_UNSENT} ORDER BY id LIMIT ${PAGE}`,
      store.state.projected_seq,
      after,
    );
    if (own.length === 0) return { compared, differing };
    const shown = await ports.read<Comparable>({
      sql: `SELECT ${columns.join(", ")}, orphan FROM ${table}
        WHERE makerspace_id = ?1 AND id IN (SELECT value FROM json_each(?2))`,
      params: [makerspace_id, JSON.stringify(own.map((each) => each.id))],
    });
    const byId = new Map(shown.map((each) => [each.id, each]));
    const different = own.filter((mine) => {
      const theirs = byId.get(mine.id);
      return theirs?.orphan !== 0 || columns.some((column) => theirs[column] !== mine[column]);
    });
    for (const mine of different) resend(work, table, mine, byId.get(mine.id)?.version ?? 0);
    compared += own.length;
    differing += different.length;
    after = own.at(-1)?.id ?? after;
  }
}

/** Sends a row again, with a version that D1 must take. A row that changed while D1 was asked goes anyway. */
function resend(work: Reconciliation, table: Table, { id, version }: Comparable, theirs: number): void {
  const { state, storage } = work.store;
  if (theirs > version && theirs >= state.nextVersion(version)) state.outrun(theirs);
  const next = theirs > version ? state.nextVersion(version) : version;
  const update = `UPDATE ${table} SET version = ? WHERE id = ? AND version = ?`;
  if (storage.sql.exec(update, next, id, version).rowsWritten === 0) return;
  work.outbox.resend(kindOf[table], { id, version: next });
}

/** Marks the rows of this machine in D1, in one status, that it does not know. */
async function markOrphans(
  { store, ports, makerspace_id }: Reconciliation,
  table: Table,
  status: string,
): Promise<{ orphans: number; marked: number }> {
  const time = timeOf[table];
  let orphans = 0;
  let marked = 0;
  for (let [at, after] = [-1, ""]; ; ) {
    // One walk of the machine's own index per status: other machines' rows are not read, and nothing is sorted.
    const shown = await ports.read<{ id: string; at: number; orphan: number }>({
      sql: `SELECT id, ${time} AS at, orphan FROM ${table}
        WHERE makerspace_id = ? AND equipment_id = ? AND status = ? AND (${time}, id) > (?, ?)
        ORDER BY ${time}, id LIMIT ${PAGE}`,
      params: [makerspace_id, store.equipment_id, status, at, after],
    });
    const known = new Set(
      rows<{ id: string }>(
        store.storage.sql,
        `SELECT id FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`,
        JSON.stringify(shown.map((each) => each.id)),
      ).map((each) => each.id),
    );
    const unknown = shown.filter((each) => !known.has(each.id));
    const unmarked = unknown.filter((each) => each.orphan === 0).map((each) => each.id);
    if (unmarked.length > 0) {
      await ports.project([
        {
          sql: `UPDATE ${table} SET orphan = 1, projected_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) WHERE makerspace_id = ?1 AND equipment_id = ?2
            AND id IN (SELECT value FROM json_each(?3))`,
          params: [makerspace_id, store.equipment_id, JSON.stringify(unmarked)],
        },
      ]);
    }
    orphans += unknown.length;
    marked += unmarked.length;
    const last = shown.at(-1);
    if (!last || shown.length < PAGE) return { orphans, marked };
    [at, after] = [last.at, last.id];
  }
}
