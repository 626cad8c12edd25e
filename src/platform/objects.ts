/** The only place that names objects: an object of a makerspace carries the makerspace in its name. */

import type { AttemptsPort } from "./attempts.ts";
import { problem } from "./problem.ts";

/** Ids of ours; anything else cannot be the name of an object. */
const NAMEABLE = /^[\w-]{1,80}$/;

/**
 * The object of one thing in a makerspace, as the port `P` that its class implements.
 * @param location_hint where it is born, if this is its first call
 */
export function objectOf<P>(
  namespace: DurableObjectNamespace,
  makerspace_id: string,
  id: string,
  location_hint?: string | null,
): P & { fetch(request: Request): Promise<Response> } {
  if (!NAMEABLE.test(id)) throw problem("not_found");
  const options = location_hint ? { locationHint: location_hint as DurableObjectLocationHint } : undefined;
  // The class implements P; its RPC stub answers the same calls, which TypeScript cannot know across the binding.
  return namespace.getByName(`${makerspace_id}:${id}`, options) as unknown as ReturnType<typeof objectOf<P>>;
}

/** The counter of attempts at one guessable thing; it belongs to no makerspace. */
export const attemptsOf = (namespace: DurableObjectNamespace, name: string): AttemptsPort =>
  namespace.getByName(name) as unknown as AttemptsPort;
