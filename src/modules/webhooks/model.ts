/** The life of webhooks and their deliveries, and where a webhook may point. Pure. */

import { HOUR, MINUTE, SECOND } from "../../platform/time.ts";

export const webhookStatuses = ["enabled", "disabled"] as const;
/** gone: the receiver answered 410; failing: a delivery ran out of attempts, and none had succeeded meanwhile. */
export const disabledCauses = ["staff", "gone", "failing"] as const;
export type DisabledCause = (typeof disabledCauses)[number];

/** pending → delivered | failed | cancelled; the last three are final. */
export const deliveryStatuses = ["pending", "delivered", "failed", "cancelled"] as const;

/** About two days; a queue delays twelve hours at most. */
export const deliveryTries = {
  lease: MINUTE,
  retry_after: [5 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR],
} as const;

/** A receiver has this long, its answer included. */
export const ATTEMPT_TIMEOUT_MS = 10 * SECOND;
/** Of an answer, this much is read and kept. */
export const ANSWER_MAX = 64 * 1024;
/** The secret before a rotation signs as well for this long. */
export const PREVIOUS_SECRET_LIVES = 24 * HOUR;

/** One attempt, as the log keeps it. */
export interface Attempt {
  /** Epoch milliseconds. */
  at: number;
  status_code: number | null;
  /** In one word; null when the receiver took it. */
  error: string | null;
  ms: number;
}

/** Names that never lead to somebody else's public server. */
const PRIVATE_NAMES =
  /(^|\.)(localhost|local|localdomain|internal|intranet|private|corp|home|lan|test|example|invalid|onion|arpa)$/;

/**
 * Why a webhook may not point to this URL; null when it may. What a name resolves to is asked again before each attempt.
 * @param allowed origins that the configuration of a development system lets pass
 */
export function targetFault(text: string, allowed: readonly string[]): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is not a URL";
  }
  if (url.username !== "" || url.password !== "") return "carries a user name or password";
  if (allowed.includes(url.origin)) return null;
  if (url.protocol !== "https:") return "is not https";
  if (url.port !== "") return "names a port other than 443";
  const host = url.hostname.toLowerCase().replace(/\.$/, "");
  // Decimal, octal and hexadecimal spellings of an address have become four numbers by now.
  if (/^[\d.]+$/.test(host) || host.includes(":") || host.startsWith("[")) return "names an address, not a server";
  if (!host.includes(".") || PRIVATE_NAMES.test(host)) return "names a server of a private network";
  return null;
}

/** First address and prefix length of what is not the public internet (IANA special-purpose registries). */
const PRIVATE_V4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
] as const;

const v4 = (text: string): number | null => {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
};

function isPublicV4(address: number): boolean {
  return !PRIVATE_V4.some((range) => {
    const [first = "", bits = "32"] = range.split("/");
    const size = 2 ** (32 - Number(bits));
    return Math.floor(address / size) === Math.floor((v4(first) ?? 0) / size);
  });
}

/** The eight groups of an IPv6 address; null when it is none. */
function groupsOf(text: string): number[] | null {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = dotted ? v4(dotted[2] ?? "") : null;
  if (dotted && last === null) return null;
  const whole =
    dotted && last !== null ? `${dotted[1]}${(last >>> 16).toString(16)}:${(last & 0xffff).toString(16)}` : text;
  const [head = "", tail, more] = whole.split("::");
  const read = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [read(head), tail === undefined ? [] : read(tail)];
  const missing = 8 - before.length - after.length;
  if (more !== undefined || (tail === undefined ? missing !== 0 : missing < 1)) return null;
  const groups = [...before, ...Array<number>(missing).fill(0), ...after];
  return groups.every((group) => Number.isInteger(group) && group >= 0 && group <= 0xffff) ? groups : null;
}

/** Whether an address is on the public internet. Of IPv6 that is 2000::/3 without what stands for IPv4 or for documents. */
export function isPublicAddress(text: string): boolean {
  const four = v4(text);
  if (four !== null) return isPublicV4(four);
  const [first = 0, second = 0] = groupsOf(text.toLowerCase()) ?? [];
  if (first >> 13 !== 1) return false;
  // 6to4, Teredo and the rest of 2001::/23, documentation.
  return first !== 0x2002 && !(first === 0x2001 && (second < 0x200 || second === 0xdb8)) && first !== 0x3fff;
}
