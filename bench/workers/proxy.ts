/** `target` with some of its members replaced; its methods keep their own `this`. */
export const proxy = <T extends object>(target: T, replaced: Record<string, unknown>): T =>
  new Proxy(target, {
    get(_, key) {
      if (typeof key === "string" && key in replaced) return replaced[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
