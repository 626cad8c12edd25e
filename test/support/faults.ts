/** A world that fails on demand: databases with faults in front of them, and requests that run in that world. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, withEnv } from "cloudflare:workers";
import worker from "../../src/index.ts";
import type { Send } from "./api.ts";

/** Asked around every trip to a database, with the statements it carries; throwing is the fault. */
export interface Faults {
  before?: (statements: readonly string[]) => void | Promise<void>;
  /** The statements have run and are committed; with what came back. */
  after?: (statements: readonly string[], result?: unknown) => void;
}

/** What D1 says when the outcome of a write is unknown. */
export const connectionLost = (): Error => new Error("D1_ERROR: Network connection lost.");

const trips = new Set<PropertyKey>(["all", "run", "first", "raw"]);

/** A database with faults in front of it. */
export function faulty(database: D1Database, faults: Faults): D1Database {
  const inner = new WeakMap<D1PreparedStatement, { statement: D1PreparedStatement; sql: string }>();
  const around = async <T>(statements: string[], work: () => Promise<T>): Promise<T> => {
    await faults.before?.(statements);
    const result = await work();
    faults.after?.(statements, result);
    return result;
  };
  const wrap = (statement: D1PreparedStatement, sql: string): D1PreparedStatement => {
    const wrapped = new Proxy(statement, {
      get(target, key) {
        if (key === "bind") return (...values: unknown[]) => wrap(target.bind(...values), sql);
        const method: unknown = Reflect.get(target, key, target);
        if (typeof method !== "function") return method;
        const call = (...args: unknown[]): unknown => Reflect.apply(method, target, args);
        return trips.has(key) ? (...args: unknown[]) => around([sql], async () => call(...args)) : call;
      },
    });
    inner.set(wrapped, { statement, sql });
    return wrapped;
  };
  const unwrap = (statement: D1PreparedStatement) => inner.get(statement) ?? { statement, sql: "" };
  return new Proxy(database, {
    get(target, key) {
      if (key === "prepare") return (sql: string) => wrap(target.prepare(sql), sql);
      if (key === "batch") {
        return (statements: D1PreparedStatement[]) => {
          const plain = statements.map(unwrap);
          return around(
            plain.map(({ sql }) => sql),
            () => target.batch(plain.map(({ statement }) => statement)),
          );
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A database that answers what it is asked and keeps nothing of what events would write. */
export const failingWrites = (): D1Database =>
  faulty(env.DB_000, {
    before: (statements) => {
      if (statements.some((text) => text.includes("processed_events"))) throw connectionLost();
    },
  });

/** Runs `work` with other bindings than the real ones. A queue for events takes the house's own work, too. */
export const inWorld = <T>(bindings: Partial<Env>, work: () => T): T =>
  withEnv({ ...env, ...(bindings.EVENTS && { WORK: bindings.EVENTS }), ...bindings }, work) as T;

/** A way for requests into a world with other bindings. Answers when what was deferred is done, too. */
export const through =
  (bindings: Partial<Env>): Send =>
  (request) =>
    inWorld(bindings, async () => {
      const context = createExecutionContext();
      const response = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, env, context);
      await waitOnExecutionContext(context);
      return response;
    });

/** A namespace whose objects, or those whose name ends with `only`, are reached by `call` instead. */
function namespaceOf<T extends object>(
  namespace: T,
  call: (stub: object, method: string, args: unknown[]) => unknown,
  only = "",
): T {
  const around = (stub: object): object =>
    new Proxy(stub, {
      get: (_, method) =>
        typeof method === "symbol" || method === "then" ? undefined : (...args: unknown[]) => call(stub, method, args),
    });
  return new Proxy(namespace, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (key !== "getByName") return value.bind(target);
      return (...args: unknown[]) => {
        const stub = Reflect.apply(value, target, args) as object;
        return String(args[0]).endsWith(only) ? around(stub) : stub;
      };
    },
  });
}

/** Objects, or the one whose id is named, that do not answer: every call fails as one does to an object that is being moved. */
export const awayNamespace = <T extends object>(namespace: T, only = ""): T =>
  namespaceOf(namespace, () => Promise.reject(new Error("the object is away")), only);

/** Objects that are far away: every call takes `delay()` milliseconds to arrive. */
export const slowNamespace = <T extends object>(namespace: T, delay: () => number): T =>
  namespaceOf(namespace, async (stub, method, args) => {
    await scheduler.wait(delay());
    const remote = stub as Record<string, (...args: unknown[]) => unknown>;
    return remote[method]?.(...args);
  });

/** Objects that do what they are asked, and whose answers get lost while `isLost()` says so. */
export const deafNamespace = <T extends object>(namespace: T, isLost: (method: string) => boolean): T =>
  namespaceOf(namespace, async (stub, method, args) => {
    const remote = stub as Record<string, (...args: unknown[]) => unknown>;
    const answer = await remote[method]?.(...args);
    if (isLost(method)) throw new Error("the answer got lost");
    return answer;
  });

/** A way for requests: right before the first trip of theirs that carries such a statement, something else happens. */
export function whenAbout(statement: RegExp, work: () => Promise<unknown>): Send {
  let isDone = false;
  const before = async (statements: readonly string[]): Promise<void> => {
    if (isDone || !statements.some((sql) => statement.test(sql))) return;
    isDone = true;
    await work();
  };
  return through({ DB_000: faulty(env.DB_000, { before }) });
}
