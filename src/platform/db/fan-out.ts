/** "Any of" filters in keyset lists: one bounded index walk per combination, merged, so that rows read grow with the page alone. */

import { problem } from "../problem.ts";

/** More walks than this would make one page dearer than it is worth. */
const MAX_WALKS = 64;

/**
 * Every combination of one value per filter; a filter left out contributes nothing.
 * @throws invalid_parameter when the filters multiply to more than 64 walks.
 */
export function combinations<K extends string>(
  filters: Readonly<Record<K, readonly string[] | undefined>>,
): Partial<Record<K, string>>[] {
  let walks: Partial<Record<K, string>>[] = [{}];
  for (const name of Object.keys(filters) as K[]) {
    const values = filters[name];
    if (values) walks = walks.flatMap((walk) => [...new Set(values)].map((value) => ({ ...walk, [name]: value })));
  }
  if (walks.length > MAX_WALKS) throw problem("invalid_parameter", { detail: "Too many filter values at once." });
  return walks;
}
