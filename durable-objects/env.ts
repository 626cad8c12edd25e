/** What the objects read from the worker's environment. */

export interface ObjectEnv {
  /** "test" opens the clock and the mutants; anything else keeps them shut. */
  ENVIRONMENT: string;
  /** See equipment/mutants.ts; read only with `ENVIRONMENT=test`. */
  MUTANT?: string;
  DB_000: D1Database;
  EVENTS: Queue;
  FLOOR: DurableObjectNamespace;
}

/** The makerspace and the thing inside it that an object serves; its name is `<makerspace_id>:<id>`, made by `space.object`. */
export function objectName(name: string | undefined): { makerspace_id: string; id: string } {
  const [makerspace_id, id, ...rest] = (name ?? "").split(":");
  if (!makerspace_id || !id || rest.length > 0) throw new Error(`not the name of an object: ${name ?? "none"}`);
  return { makerspace_id, id };
}
