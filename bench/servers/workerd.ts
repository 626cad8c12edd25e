/** Bare workerd: the runtime without wrangler's layers, configured by hand. */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageFile } from "../../scripts/lib/env.ts";
import { freePort } from "../../scripts/lib/server.ts";
import { compatibilityDate } from "./bundle.ts";
import { answersHttp, LeashedChild, type Subject } from "./child.ts";

/** A worker of the configuration, in the words of workerd.capnp. */
export interface WorkerConfig {
  /** The bundled module, as an absolute path. */
  module: string;
  /** More modules: name → path. */
  modules?: Readonly<Record<string, string>>;
  /** Object classes; each is also bound under the name given. */
  objects?: Readonly<Record<string, string>>;
  /** More bindings, each a struct in capnp text. */
  bindings?: readonly string[];
}

export interface WorkerdConfig {
  /** Service name → worker. */
  workers: Readonly<Record<string, WorkerConfig>>;
  /** The services that answer HTTP, each on a port of its own; the first is the subject's. */
  listens: readonly [string, ...string[]];
  /** Services in other processes: name → port. */
  externals?: Readonly<Record<string, number>>;
  /** Internal modules that wrapped bindings are made by: name → JavaScript. */
  extensions?: Readonly<Record<string, string>>;
}

const quoted = (text: string): string => JSON.stringify(text);

function workerText(name: string, { modules = {}, objects = {}, bindings = [] }: WorkerConfig): string {
  const files = [`${name}.js`, ...Object.keys(modules)].map((file) => `(name = "${file}", esModule = embed "${file}")`);
  const classes = Object.values(objects);
  const namespaces = classes.map((each) => `(className = "${each}", uniqueKey = "${name}-${each}", enableSql = true)`);
  const bound = Object.entries(objects).map(([key, each]) => `(name = "${key}", durableObjectNamespace = "${each}")`);
  return `(
      modules = [ ${files.join(", ")} ],
      compatibilityDate = "${compatibilityDate()}",
      durableObjectNamespaces = [ ${namespaces.join(", ")} ],
      durableObjectStorage = (localDisk = "disk"),
      bindings = [ ${[...bound, ...bindings].join(",\n        ")} ],
    )`;
}

/** The configuration in workerd's own language. V8_FLAGS (such as --perf-basic-prof) is for profiling. */
function configText(
  { workers, externals = {}, extensions = {} }: WorkerdConfig,
  folder: string,
  ports: Readonly<Record<string, number>>,
): string {
  const services = [
    ...Object.entries(workers).map(([name, worker]) => `(name = "${name}", worker = ${workerText(name, worker)})`),
    ...Object.entries(externals).map(
      ([name, at]) => `(name = "${name}", external = (address = "127.0.0.1:${at}", http = ()))`,
    ),
  ];
  const modules = Object.entries(extensions).map(
    ([name, code]) => `(name = "${name}", internal = true, esModule = ${quoted(code)})`,
  );
  const doors = Object.entries(ports).map(
    ([name, at]) => `(name = "${name}", address = "127.0.0.1:${at}", http = (), service = "${name}")`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${services.join(",\n    ")},
    (name = "disk", disk = (path = ${quoted(join(folder, "state"))}, writable = true)),
    (name = "internet", network = (allow = ["private", "public"])),
  ],
  sockets = [ ${doors.join(", ")} ],
  extensions = [ (modules = [ ${modules.join(", ")} ]) ],
  v8Flags = [ ${(process.env.V8_FLAGS ?? "").split(" ").filter(Boolean).map(quoted).join(", ")} ],
);
`;
}

/** The runtime's own binary: its launcher script would be one process more. */
async function binary(): Promise<string> {
  const launcher = (await import(packageFile("workerd/lib/main.js"))) as { default: { default: string } };
  return launcher.default.default;
}

export interface Workerd extends Subject {
  /** Of each service that listens. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Starts workerd with its state below `folder`; resolves when it answers. */
export async function startWorkerd(config: WorkerdConfig, parent: string): Promise<Workerd> {
  const folder = mkdtempSync(join(parent, "workerd-"));
  mkdirSync(join(folder, "state"));
  for (const [name, { module, modules = {} }] of Object.entries(config.workers)) {
    for (const [file, path] of Object.entries({ [`${name}.js`]: module, ...modules }))
      copyFileSync(path, join(folder, file));
  }
  const ports: Record<string, number> = {};
  for (const name of config.listens) ports[name] = await freePort();
  const port = ports[config.listens[0]] ?? 0;
  writeFileSync(join(folder, "config.capnp"), configText(config, folder, ports));
  const child = new LeashedChild(await binary(), ["serve", join(folder, "config.capnp")]);
  await child.until("workerd", () => answersHttp(port));
  return { port, ports, pids: () => child.pids(), stop: () => child.stop() };
}
