/** The archive of all that is held on a member: `data.json`, table by table, and the files that its rows speak of. */

import { directory } from "../../../platform/db/driver.ts";
import { fileExtensions } from "../../../platform/file-types.ts";
import { FileWriter } from "../../../platform/file-writer.ts";
import { deleteFile, getFile, LINK_TTL } from "../../../platform/files.ts";
import type { JobContext } from "../../../platform/ops/jobs.ts";
import { exportedRows, type Person, type PersonalTable } from "../../../platform/personal-data.ts";
import { problem } from "../../../platform/problem.ts";
import { toIso } from "../../../platform/time.ts";
import { ZipWriter } from "../../../platform/zip-writer.ts";
import { personOf } from "./service.ts";

/** The kind of its file in the bucket. */
const DATA_EXPORT = "data_export";

/** Somebody cancelled the job. */
class Cancelled extends Error {
  override name = "Cancelled";
}

/** What is exported, of whom, and how far it is. */
interface Export {
  job: JobContext;
  person: Person;
  /** Tables of which the person gets something. */
  tables: readonly PersonalTable[];
  withheld: readonly { table: string; about: string; reason: string }[];
  /** Files in the archive by their ids: where in it they are. */
  files: Map<string, string>;
  rows: number;
}

/** Says that it goes on. @throws Cancelled */
async function goOn({ job, tables }: Export, done: number): Promise<void> {
  if (!(await job.progress(done, tables.length))) throw new Cancelled();
}

const isTime = /_(at|from|to|until)$/;

/** A column as people read it: instants in ISO 8601, "never" as null. */
const told = (name: string, value: unknown): unknown =>
  typeof value === "number" && isTime.test(name) ? (value === 0 ? null : toIso(value)) : value;

function toLine({ files }: Export, row: Record<string, unknown>): string {
  const file = files.get(String(row.id));
  const columns = Object.entries(row).map(([name, value]) => [name, told(name, value)]);
  return JSON.stringify({ ...Object.fromEntries(columns), ...(file !== undefined && { file }) });
}

const extensions: Readonly<Record<string, string>> = fileExtensions;

/** How many files are added before the job says that it goes on. */
const FILES_PER_WORD = 50;

/** Adds the files that rows of a table have. Whose place another one took has none any more. */
async function addFiles(zip: ZipWriter, whole: Export, entry: PersonalTable): Promise<void> {
  const { job, person, files } = whole;
  const { name, file: fileOf } = entry;
  if (!fileOf) return;
  for await (const page of exportedRows(job.store, directory(), entry, person)) {
    for (const row of page) {
      const { id, content_type } = row;
      const named = fileOf(row);
      const file = named && (await getFile({ makerspace_id: job.makerspace_id, ...named }));
      if (!file) continue;
      const place = `files/${name}/${id}.${extensions[String(content_type)] ?? "bin"}`;
      await zip.add(place, file.body);
      files.set(String(id), place);
      // Each word is a statement, of which an invocation has a thousand.
      if (files.size % FILES_PER_WORD === 0) await goOn(whole, 0);
    }
  }
}

async function* data(whole: Export): AsyncGenerator<string> {
  const { job, person, tables, withheld } = whole;
  const { makerspace_id, input, now } = job;
  const head = JSON.stringify({ makerspace_id, member_id: input.member_id, exported_at: toIso(now), withheld });
  yield `${head.slice(0, -1)},"data":{\n`;
  for (const [index, entry] of tables.entries()) {
    yield `${index > 0 ? ",\n" : ""}${JSON.stringify(entry.name)}:{"about":${JSON.stringify(entry.about)},"rows":[`;
    let isFirst = true;
    for await (const page of exportedRows(job.store, directory(), entry, person)) {
      yield `${isFirst ? "" : ","}\n${page.map((row) => toLine(whole, row)).join(",\n")}`;
      whole.rows += page.length;
      isFirst = false;
    }
    yield "]}";
    await goOn(whole, index + 1);
  }
  yield "\n}}\n";
}

/** The job: file by file and table by table into one archive, in bounded memory. A second run writes the same archive again. */
export const exportMemberDataJob =
  (registry: readonly PersonalTable[]) =>
  async (job: JobContext): Promise<Record<string, number>> => {
    const { store, makerspace_id, job_id, now } = job;
    const member_id = String(job.input.member_id);
    const person = await personOf(store, member_id);
    if (!person) throw problem("not_found");
    const tables = registry.filter(({ exported }) => !("withheld" in exported));
    const withheld = registry.flatMap(({ name, about, exported, walks }) =>
      "withheld" in exported && walks(makerspace_id, person).length > 0
        ? [{ table: name, about, reason: exported.withheld }]
        : [],
    );
    const whole: Export = { job, person, tables, withheld, files: new Map(), rows: 0 };
    const expires_at = now + LINK_TTL;
    const ref = { kind: DATA_EXPORT, id: job_id };
    const file = await FileWriter.open({ ...ref, makerspace_id }, { content_type: "application/zip", expires_at });
    const zip = new ZipWriter(file, now);
    try {
      for (const entry of tables) await addFiles(zip, whole, entry);
      await zip.add("data.json", data(whole));
      await zip.close();
    } catch (error) {
      await zip.abort();
      if (!(error instanceof Cancelled)) throw error;
      return { rows: whole.rows, files: whole.files.size };
    }
    // Whoever was erased meanwhile leaves no archive behind: what looks for latecomers may have been here already.
    if (!(await personOf(store, member_id))) {
      await deleteFile({ ...ref, makerspace_id });
      throw problem("not_found");
    }
    await job.attach({ ...ref, filename: `member-${member_id}.zip`, expires_at });
    return { rows: whole.rows, files: whole.files.size };
  };
