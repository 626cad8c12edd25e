/** D1 trips and rows per endpoint, at two sizes of the tables: they must not grow. */
import { Api } from "../../test/support/http/client.ts";
import type { DatabaseCounts } from "../load/counts.ts";
import { slot } from "../load/slots.ts";
import { type App, type CountedStatement, startApp } from "../servers/app.ts";
import type { Issuer } from "../servers/issuer.ts";
import { createWorld, type World } from "../servers/world.ts";
import { addHistory, type Spread } from "./history.ts";
import { machineProbes, type Probe, readProbes, type Setting } from "./probes.ts";

/** What one call asks of D1, together with everything it sets going: the projection, outboxes. */
export interface Cost {
  /** To both databases; authorisation asks both at once. */
  trips: number;
  rows_read: number;
  rows_written: number;
}

export interface EndpointResult {
  title: string;
  small: Cost;
  large: Cost;
  /** More trips or rows in the larger tables. */
  grows: boolean;
  /** Of an endpoint that grows: the statement that read most, and how SQLite went about it. */
  heaviest?: { sql: string; rows_read: number; plan: string[] };
}

/** Deferred work and the projection have come home after this. */
const QUIET_MS = 100;
const MACHINES = 6;

const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

async function costOf(app: App, call: () => Promise<unknown>): Promise<Cost> {
  const read = (): Promise<DatabaseCounts[]> => Promise.all([app.directory.counts(), app.space.counts()]);
  const before = await read();
  await call();
  await quiet();
  const after = await read();
  const asked = (field: keyof DatabaseCounts): number =>
    after.reduce((sum, each, index) => sum + each[field] - (before[index]?.[field] ?? 0), 0);
  return { trips: asked("trips"), rows_read: asked("rows_read"), rows_written: asked("rows_written") };
}

/** A few rows more are noise: where a page ends, how deep a tree is. */
const hasGrown = (small: Cost, large: Cost): boolean =>
  large.trips > small.trips ||
  large.rows_read > small.rows_read * 1.25 + 5 ||
  large.rows_written > small.rows_written * 1.25 + 3;

function settingOf(url: string, world: World): Setting {
  const [rare_member = "", ...others] = world.member_ids;
  const [rare_machine = "", ...machines] = world.equipment_ids;
  const members = others.slice(0, 7);
  const spread: Spread = { members, machines: machines.slice(0, 2), rare_member, rare_machine, rare_status: "no_show" };
  const today = Date.now();
  let taken = 0;
  return {
    world,
    spread,
    member: new Api(url, world.tokens[1] ?? null),
    rare: new Api(url, world.tokens[0] ?? null),
    nextSlot: () => slot(taken++, today),
  };
}

interface Counted {
  cost: Cost;
  heaviest: CountedStatement | undefined;
}

async function heaviestOf({ space }: App): Promise<CountedStatement | undefined> {
  return (await space.recent()).sort((a, b) => b.rows_read - a.rows_read)[0];
}

async function costs(
  app: App,
  probes: readonly Probe[],
  size: number,
  note: (text: string) => void,
): Promise<Counted[]> {
  const found: Counted[] = [];
  for (const { title, prepare } of probes) {
    note(`D1 with ${size.toLocaleString("en")} reservations: ${title}`);
    const call = await prepare(size);
    await quiet();
    await app.space.recent();
    found.push({ cost: await costOf(app, call), heaviest: await heaviestOf(app) });
  }
  return found;
}

const none: Cost = { trips: 0, rows_read: 0, rows_written: 0 };

/** Measures every probe with `small` and then with `large` reservations in D1. */
export async function measureEndpoints(
  issuer: Issuer,
  folder: string,
  [small, large]: readonly [number, number],
  note: (text: string) => void,
): Promise<EndpointResult[]> {
  const app = await startApp(issuer, folder);
  try {
    const url = `http://127.0.0.1:${app.port}`;
    const world = await createWorld(url, issuer, MACHINES);
    const setting = settingOf(url, world);
    const probes = [...machineProbes(setting), ...readProbes(setting)];
    note(`D1: filling with ${small.toLocaleString("en")} reservations`);
    await addHistory(app, world.makerspace_id, setting.spread, 0, small);
    const before = await costs(app, probes, small, note);
    note(`D1: filling with ${large.toLocaleString("en")} reservations`);
    await addHistory(app, world.makerspace_id, setting.spread, small, large);
    const after = await costs(app, probes, large, note);
    const results: EndpointResult[] = [];
    for (const [index, { title }] of probes.entries()) {
      const [one, other, heaviest] = [before[index]?.cost ?? none, after[index]?.cost ?? none, after[index]?.heaviest];
      const grows = hasGrown(one, other);
      const result = { title, small: one, large: other, grows };
      const plan = grows && heaviest ? await app.space.plan(heaviest) : null;
      const shown = plan && heaviest && { sql: heaviest.sql, rows_read: heaviest.rows_read, plan };
      results.push(shown ? { ...result, heaviest: shown } : result);
    }
    return results;
  } finally {
    await app.stop();
  }
}
