/** A seeded source of randomness, so that a failing run can be had again. */
export interface Random {
  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** One of the keys, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
}

/** mulberry32: small, fast, good enough to shuffle tests. */
export function randomOf(seed: number): Random {
  let a = seed;
  const below = (limit: number): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    pick<T>(list: readonly T[]): T {
      const index = below(list.length);
      if (index >= list.length) throw new Error("nothing to pick from");
      return list[index] as T;
    },
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
      const entries = Object.entries(weights) as [K, number][];
      let at = below(entries.reduce((sum, [, weight]) => sum + weight, 0));
      for (const [key, weight] of entries) {
        at -= weight;
        if (at < 0) return key;
      }
      throw new Error("no weights");
    },
  };
}
