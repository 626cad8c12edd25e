/** Cron expressions as Cloudflare reads them, in UTC, without its extensions L, W and #. Pure. */

/** Lowest and highest value of each of the five fields; a weekday is 1 (Sunday) to 7, as Cloudflare counts. */
const fields = [
  { name: "minute", lowest: 0, highest: 59, names: [] },
  { name: "hour", lowest: 0, highest: 23, names: [] },
  { name: "day of month", lowest: 1, highest: 31, names: [] },
  {
    name: "month",
    lowest: 1,
    highest: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  { name: "weekday", lowest: 1, highest: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
] as const;

type Field = (typeof fields)[number];

const numberOf = (text: string, field: Field): number => {
  const named = (field.names as readonly string[]).indexOf(text.toUpperCase());
  const value = named >= 0 ? named + field.lowest : Number(text);
  if (!/^\w+$/.test(text) || !Number.isInteger(value) || value < field.lowest || value > field.highest) {
    throw new Error(`"${text}" is not a ${field.name} of a cron expression`);
  }
  return value;
};

/** `*`, `5`, `1-5`, each also with `/step`. */
const parsePart = (part: string, field: Field): number[] => {
  const [range = "", stepText, ...tooMuch] = part.split("/");
  const step = stepText === undefined ? 1 : Number(stepText);
  if (tooMuch.length > 0 || !Number.isInteger(step) || step < 1) throw new Error(`"${part}" has no proper step`);
  const [from = "", to] = range === "*" ? [String(field.lowest), String(field.highest)] : range.split("-");
  const first = numberOf(from, field);
  // "5/10" means from 5 to the end.
  const last = to === undefined ? (stepText === undefined ? first : field.highest) : numberOf(to, field);
  if (last < first) throw new Error(`"${part}" runs backwards`);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
};

/** Tells whether a minute belongs to the schedule. */
export type Schedule = (time: Date) => boolean;

/**
 * Parses a cron expression of five fields.
 *
 * @throws Error naming the part that is wrong
 */
export const parseCron = (expression: string): Schedule => {
  const parts = expression.trim().split(/\s+/);
  if (parts.length !== fields.length) throw new Error(`"${expression}" has ${parts.length} fields instead of 5`);
  const [minutes, hours, days, months, weekdays] = fields.map((field, index) => {
    const text = parts[index] ?? "";
    return { any: text.startsWith("*"), values: new Set(text.split(",").flatMap((part) => parsePart(part, field))) };
  });
  return (time) => {
    const day = days?.values.has(time.getUTCDate()) ?? false;
    const weekday = weekdays?.values.has(time.getUTCDay() + 1) ?? false;
    // As in every cron: two restricted day fields widen each other.
    const dayMatches = days?.any || weekdays?.any ? day && weekday : day || weekday;
    return (
      dayMatches &&
      (minutes?.values.has(time.getUTCMinutes()) ?? false) &&
      (hours?.values.has(time.getUTCHours()) ?? false) &&
      (months?.values.has(time.getUTCMonth() + 1) ?? false)
    );
  };
};
