/**
 * Keycloak's official distribution without Docker: fetched once with Maven into a cache outside the repository, unpacked
 * into a folder of its own for each run (its database lies in there), and started with the realm of keycloak/realm.json.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root } from "./env.ts";
import { groupGone, signal } from "./processes.ts";

/** The version that the realm and the tests were made with; compose.yaml names the same. */
export const KEYCLOAK_VERSION = "26.7.3";
const NEEDED_JAVA = 17;
const HOST = "127.0.0.1";
const KEPT_OUTPUT = 64_000;

const cache = process.env.KEYCLOAK_CACHE ?? join(homedir(), ".cache", "makrcave");
const archive = join(cache, `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.tar.gz`);

/** Why Keycloak cannot run here, or null. */
export function whatIsMissing(): string | null {
  const java = spawnSync("java", ["-version"], { encoding: "utf8", timeout: 20_000 });
  const version = Number(/version "(\d+)/.exec(`${java.stderr}${java.stdout}`)?.[1] ?? 0);
  if (version < NEEDED_JAVA) return `Java ${NEEDED_JAVA} or newer is not here`;
  if (spawnSync("tar", ["--version"], { timeout: 20_000 }).status !== 0) return "tar is not here";
  const maven = existsSync(archive) || spawnSync("mvn", ["-v"], { timeout: 20_000 }).status === 0;
  return maven ? null : "Maven is not here";
}

/** Fetches the distribution unless the cache has it. @throws when Maven cannot within `timeoutMs` */
export function fetchKeycloak(timeoutMs = 240_000): void {
  if (existsSync(archive)) return;
  mkdirSync(cache, { recursive: true });
  // Into a folder of its own first: half a download is none, and two at once do not meet.
  const folder = mkdtempSync(join(cache, "fetch-"));
  try {
    const artifact = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:tar.gz`;
    const goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";
    const args = ["-B", "-q", goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
    const { status, stdout, stderr } = spawnSync("mvn", args, { cwd: folder, encoding: "utf8", timeout: timeoutMs });
    const fetched = join(folder, `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.tar.gz`);
    if (status !== 0 || !existsSync(fetched)) throw new Error(`Maven could not fetch Keycloak:\n${stdout}${stderr}`);
    renameSync(fetched, archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What Keycloak makes of itself at its first start takes longer than the start: kept for the next run. */
const built = join(cache, `keycloak-${KEYCLOAK_VERSION}-built`);
const augmented = (home: string): string => join(home, "lib", "quarkus");

function keepBuild(home: string): void {
  if (existsSync(built)) return;
  const folder = mkdtempSync(join(cache, "build-"));
  try {
    cpSync(augmented(home), join(folder, "quarkus"), { recursive: true, preserveTimestamps: true });
    renameSync(join(folder, "quarkus"), built);
  } catch {
    // Another run kept its own meanwhile.
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As much of a realm file as a caller changes. */
export interface Realm {
  users?: object[];
  [key: string]: unknown;
}

export interface KeycloakOptions {
  port: number;
  /** Takes the distribution and its database; the caller removes it. */
  folder: string;
  /** Where browsers find MakrCave, and where Keycloak finds its API. */
  url: string;
  service_secret: string;
  admin_password: string;
  /** Changes the realm before it is imported: test users. */
  change?: (realm: Realm) => Realm;
  /** How long to wait for it, in milliseconds. */
  timeoutMs?: number;
}

export interface RunningKeycloak {
  url: string;
  /** The `iss` of its tokens. */
  issuer: string;
  output(): string;
  exited: Promise<void>;
  stop(): Promise<void>;
}

function unpack(folder: string, realm: Realm): string {
  const { status, stderr } = spawnSync("tar", ["-xzf", archive, "-C", folder], { encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`${archive} cannot be unpacked: ${stderr}`);
  const home = join(folder, `keycloak-${KEYCLOAK_VERSION}`);
  if (existsSync(built)) cpSync(built, augmented(home), { recursive: true, preserveTimestamps: true });
  mkdirSync(join(home, "data", "import"), { recursive: true });
  writeFileSync(join(home, "data", "import", "realm.json"), JSON.stringify(realm));
  return home;
}

const environmentOf = ({ url, service_secret, admin_password }: KeycloakOptions): NodeJS.ProcessEnv => ({
  ...process.env,
  KC_BOOTSTRAP_ADMIN_USERNAME: "admin",
  KC_BOOTSTRAP_ADMIN_PASSWORD: admin_password,
  JAVA_OPTS_KC_HEAP: "-Xms128m -Xmx512m",

  MAKRCAVE_WEB_URL: url,
  MAKRCAVE_API_URL: url,
  MAKRCAVE_SERVICE_SECRET: service_secret,
});

async function untilServed(issuer: string, child: ChildProcess, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(2_000),
    }).catch(() => null);
    if (answer?.ok) return;
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`it does not answer after ${timeoutMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Starts Keycloak; it ends with whoever started it. @throws with what it printed when it does not come up */
export async function startKeycloak(options: KeycloakOptions): Promise<RunningKeycloak> {
  const { port, folder, change = (realm) => realm, timeoutMs = 180_000 } = options;
  const home = unpack(folder, change(JSON.parse(readFileSync(join(root, "keycloak", "realm.json"), "utf8")) as Realm));
  const command = [
    join(home, "bin", "kc.sh"),
    "start-dev",
    "--import-realm",
    `--http-host=${HOST}`,
    `--http-port=${port}`,
  ];
  const child = spawn(process.execPath, [join(root, "scripts/lib/keeper.ts"), "8000", ...command], {
    cwd: home,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    env: environmentOf(options),
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-KEPT_OUTPUT);
    });
  }
  child.stdin?.on("error", () => undefined); // The leash may break: it is gone then, which is what we want.
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await exited;
    const group = child.pid ?? 0;
    if (!(await groupGone(group, 3_000))) signal(-group, "SIGKILL");
  };
  const url = `http://${HOST}:${port}`;
  const issuer = `${url}/realms/makrcave`;
  try {
    await untilServed(issuer, child, timeoutMs);
    keepBuild(home);
  } catch (error) {
    await stop();
    throw new Error(`Keycloak did not start: ${String(error)}\n${printed}`);
  }
  return { url, issuer, output: () => printed, exited, stop };
}

/** What the worker's OIDC_ISSUERS says of this realm; README.md shows the same. */
export const issuerConfig = (issuer: string) => ({
  issuer,
  audience: "makrcave-api",
  azp: ["makrcave-web", "makrcave-service"],
  service_accounts: ["makrcave-service"],
  algorithms: ["RS256"],
  jwks_uri: `${issuer}/protocol/openid-connect/certs`,
  subject_prefix: "",
  super_admin: true,
});
