/** `npm start` as a newcomer meets it: it comes up on nothing, keeps what it was told, leaves nothing running, and says what is wrong. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { root, toolEnv } from "../../scripts/lib/env.ts";
import { descendantsOf, groupMembers, listProcesses, type ProcessInfo } from "../../scripts/lib/processes.ts";
import { freePort, startServer } from "../../scripts/lib/server.ts";
import { Api, type Page } from "../support/http/client.ts";
import { signIn, type WireReservation } from "../support/http/world.ts";
import { eventually, report, temporaryFolder } from "./support/system.ts";

interface Started {
  url: string;
  child: ChildProcess;
  output(): string;
  /** Everything that runs because of it. */
  processes(): ProcessInfo[];
  exited: Promise<number | null>;
}

/** Runs `npm start`; whatever it leaves behind is ended after the test. */
function npmStart(t: TestContext, port: number, persistTo: string, env: Record<string, string> = {}): Started {
  const child = spawn("npm", ["start"], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: toolEnv({ PORT: String(port), PERSIST_TO: persistTo, ...env }),
  });
  const pid = child.pid ?? 0;
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (more: string) => (text += more));
  const processes = (): ProcessInfo[] => [...groupMembers(pid), ...descendantsOf(pid)];
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let last: ProcessInfo[] = [];
  t.after(() => {
    for (const each of [...last, ...processes()]) if (isAlive(each)) process.kill(each.pid, "SIGKILL");
  });
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output: () => text,
    processes: () => {
      last = processes();
      return last;
    },
    exited,
  };
}

const isAlive = (known: ProcessInfo): boolean =>
  listProcesses().some((each) => each.pid === known.pid && each.name === known.name);

const isReady = async (url: string): Promise<boolean> => {
  const reply = await new Api(url).send("GET", "/ready", { timeout_ms: 2_000 }).catch(() => null);
  return reply?.status === 200;
};

/** Sends SIGTERM to npm alone, as a service manager does, and expects that nothing is left. */
async function stopsClean(started: Started): Promise<number> {
  const all = started.processes();
  assert(
    all.some((each) => each.name === "workerd"),
    "there is no runtime to stop",
  );
  const asked = performance.now();
  process.kill(started.child.pid ?? 0, "SIGTERM");
  await started.exited;
  await eventually("the end of every process", () => !all.some(isAlive), 15_000);
  return Math.round(performance.now() - asked);
}

interface Demo {
  makerspaces: string[];
  machines: number;
  members: number;
  reservations: number;
}

async function look(api: Api): Promise<Demo> {
  const spaces = await api.all<{ id: string }>("/api/v1/makerspaces");
  const count = async (what: string): Promise<number> => {
    const lists = await Promise.all(spaces.map(({ id }) => api.all(`/api/v1/makerspaces/${id}/${what}`)));
    return lists.flat().length;
  };
  return {
    makerspaces: spaces.map((space) => space.id).sort(),
    machines: await count("equipment"),
    members: await count("members"),
    reservations: await count("reservations"),
  };
}

test("npm start serves a demo from nothing, keeps its state, and ends without a trace", async (t) => {
  const persistTo = temporaryFolder(t);
  const port = await freePort();

  const begun = performance.now();
  let started = npmStart(t, port, persistTo);
  await eventually("ready", () => isReady(started.url), 90_000);
  await eventually("the banner", () => started.output().includes("Ctrl-C"), 60_000);
  const first_start_ms = Math.round(performance.now() - begun);
  assert.match(started.output(), new RegExp(started.url));
  assert.match(started.output(), /dev\/tokens/);

  const before = await look(await signIn(started.url, "start-test-root", ["super_admin"]));
  assert.equal(before.makerspaces.length, 2);
  assert.equal(before.machines, 6);
  assert(before.members >= 10 && before.reservations > 0, JSON.stringify(before));
  for (const path of ["/health", "/openapi.json", "/docs", "/redoc", "/tablet"]) {
    const { status } = await fetch(started.url + path);
    assert.equal(status, 200, path);
  }
  const booked = await bookSomething(await signIn(started.url, "start-test-root", ["super_admin"]));
  const stopped_ms = await stopsClean(started);

  const again = performance.now();
  started = npmStart(t, port, persistTo);
  await eventually("ready again", () => isReady(started.url), 60_000);
  await eventually("the banner", () => started.output().includes("Ctrl-C"), 60_000);
  const second_start_ms = Math.round(performance.now() - again);
  const api = await signIn(started.url, "start-test-root", ["super_admin"]);
  const after = await look(api);
  assert.deepEqual(
    after,
    { ...before, reservations: before.reservations + 1 },
    "the demo was kept, and not seeded twice",
  );
  assert.deepEqual(await api.get(booked.path), booked.reservation);
  report("start", { first_start_ms, stopped_ms, second_start_ms });
  await stopsClean(started);
});

/** Books a free hour on some machine of the demo. */
async function bookSomething(api: Api): Promise<{ path: string; reservation: WireReservation }> {
  const [space] = await api.all<{ id: string }>("/api/v1/makerspaces");
  assert(space);
  const at = `/api/v1/makerspaces/${space.id}`;
  const [machine] = await api.all<{ id: string }>(`${at}/equipment`);
  const { data } = await api.get<Page<{ id: string }>>(`${at}/members`);
  const starts_at = new Date(Math.ceil(Date.now() / 86_400_000) * 86_400_000 + 40 * 86_400_000).toISOString();
  const ends_at = new Date(Date.parse(starts_at) + 3_600_000).toISOString();
  const reservation = await api.post<WireReservation>(`${at}/equipment/${machine?.id}/reservations`, {
    starts_at,
    ends_at,
    member_id: data[0]?.id,
  });
  const path = `${at}/equipment/${machine?.id}/reservations/${reservation.id}`;
  await eventually(
    "the booking in the list",
    async () => (await api.send("GET", `${at}/reservations/${reservation.id}`)).status === 200,
    5_000,
  );
  return { path, reservation: await api.get<WireReservation>(path) };
}

test("npm start refuses a wrong variable and names it", async (t) => {
  for (const [name, value] of [
    ["PORT", "eighty"],
    ["RATE_LIMITS", "sometimes"],
  ] as const) {
    const started = npmStart(t, await freePort(), temporaryFolder(t), { [name]: value });
    const code = await Promise.race([started.exited, setTimeout(90_000, "still running", { ref: false })]);
    assert.equal(code, 1, `${name}=${value}: ${started.output()}`);
    assert.match(started.output(), new RegExp(name));
    assert.deepEqual(started.processes(), []);
  }
});

test("the worker refuses to load with a wrong variable and names it", async (t) => {
  const wrong: [string, Record<string, string>][] = [
    ["OIDC_ISSUERS", { OIDC_ISSUERS: "nonsense" }],
    ["OIDC_ISSUERS", { DEV_ISSUER: "off" }],
    ["DEV_ISSUER", { ENVIRONMENT: "production" }],
    ["ENVIRONMENT", { ENVIRONMENT: "staging" }],
  ];
  const refuses = async ([key, vars]: (typeof wrong)[number]): Promise<void> => {
    const refused = new AbortController();
    let said = "";
    const starting = startServer({
      persistTo: temporaryFolder(t),
      vars,
      signal: refused.signal,
      timeoutMs: 30_000,
      onOutput: (text) => {
        said += text;
        // It has spoken: no need to wait until the patience ends.
        if (said.includes("MakrCave cannot start")) refused.abort();
      },
    });
    await assert.rejects(
      starting.then((server) => server.stop()),
      `it started with ${JSON.stringify(vars)}`,
    );
    assert.match(said, new RegExp(`MakrCave cannot start.*${key}`));
  };
  await Promise.all(wrong.map(refuses));
});
