import { type SocketLimits, socketLimits } from "./live/door.ts";

/** What the objects read from the worker's environment. */

export interface ObjectEnv {
  /** "test" opens the clock and the mutants; anything else keeps them shut. */
  ENVIRONMENT: string;
  /** See equipment/mutants.ts; read only with `ENVIRONMENT=test`. */
  MUTANT?: string;
  /** "load" opens the limits for tests and benchmarks, as it does for requests. */
  RATE_LIMITS?: string;
  DB_000: D1Database;
  EVENTS: Queue;
  FLOOR: DurableObjectNamespace;
  EQUIPMENT: DurableObjectNamespace;
}

/** How many sockets one viewer may hold on one object. */
export const socketLimitsOf = ({ RATE_LIMITS }: Pick<ObjectEnv, "RATE_LIMITS">): SocketLimits =>
  RATE_LIMITS === "load" ? { member: Number.POSITIVE_INFINITY, tablet: Number.POSITIVE_INFINITY } : socketLimits;

/** The makerspace and the thing inside it that an object serves; its name is `<makerspace_id>:<id>`, made by `space.object`. */
export function objectName(name: string | undefined): { makerspace_id: string; id: string } {
  const [makerspace_id, id, ...rest] = (name ?? "").split(":");
  if (!makerspace_id || !id || rest.length > 0) throw new Error(`not the name of an object: ${name ?? "none"}`);
  return { makerspace_id, id };
}
