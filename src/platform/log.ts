/** One JSON line per log. Ids only: no names, no e-mail addresses, no SQL, no tokens. */

type Fields = Record<string, string | number | boolean | null | undefined>;

const write = (level: "info" | "warn" | "error", event: string, fields: Fields): void => {
  console[level](JSON.stringify({ level, event, ...fields }));
};

export const log = {
  info: (event: string, fields: Fields = {}): void => write("info", event, fields),
  warn: (event: string, fields: Fields = {}): void => write("warn", event, fields),
  error: (event: string, fields: Fields = {}): void => write("error", event, fields),
};

/** An error's class and first line, without the SQL that a Drizzle error carries in its message. */
export function describeError(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return "unknown";
  const message = cause.message.startsWith("Failed query") ? "query failed" : cause.message;
  return `${cause.name}: ${message.split("\n")[0]?.slice(0, 200) ?? ""}`;
}
