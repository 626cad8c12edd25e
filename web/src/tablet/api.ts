/** The three requests of a tablet: pair, and a ticket for one machine or for the board. Answers are values, nothing throws. */

import type { Pairing } from "./storage.ts";

/** `fetch`, or what a test puts in its place. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type PairResult =
  | { ok: true; pairing: Pairing }
  | { ok: false; why: "not_valid" | "failed" | "offline" }
  /** `seconds` until another try makes sense. */
  | { ok: false; why: "too_many"; seconds: number };

export type TicketResult =
  | { kind: "granted"; url: string }
  /** The token is not accepted any more: the tablet was disconnected. */
  | { kind: "refused" }
  /** The machine or the makerspace is not there any more. */
  | { kind: "gone" }
  /** Nothing was decided; `wait_ms` where the server said how long to wait. */
  | { kind: "later"; wait_ms: number };

const TIMEOUT_MS = 10_000;
const CODE_LENGTH = 8;

/** Upper case letters and digits of what was typed: spaces and dashes are for the eye. */
export const normaliseCode = (typed: string): string =>
  typed
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .slice(0, CODE_LENGTH);

/** "K7QM-4XRD": as printed, also while it is being typed. */
export const showCode = (typed: string): string => {
  const code = normaliseCode(typed);
  return code.length > 4 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
};

/** True when enough was typed to try. */
export const isWholeCode = (typed: string): boolean => normaliseCode(typed).length === CODE_LENGTH;

const post = (fetcher: Fetch, path: string, token: string | null, body: unknown): Promise<Response> =>
  fetcher(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

/** Retry-After in seconds; dates and nonsense count as `otherwise`. */
const retryAfter = (response: Response, otherwise: number): number => {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : otherwise;
};

interface PairBody {
  token: string;
  tablet: { id: string; label: string; makerspace_id: string; equipment_ids: string[] };
}

/** Trades a pairing code for this device's token. */
export const pair = async (fetcher: Fetch, typed: string): Promise<PairResult> => {
  let response: Response;
  try {
    response = await post(fetcher, "/api/v1/tablets/pair", null, { code: showCode(typed) });
  } catch {
    return { ok: false, why: "offline" };
  }
  if (response.status === 429) return { ok: false, why: "too_many", seconds: retryAfter(response, 60) };
  if ([404, 410, 422].includes(response.status)) return { ok: false, why: "not_valid" };
  if (!response.ok) return { ok: false, why: "failed" };
  try {
    const { token, tablet } = (await response.json()) as PairBody;
    const { id, label, makerspace_id, equipment_ids } = tablet;
    return { ok: true, pairing: { token, tablet_id: id, label, makerspace_id, equipment_ids } };
  } catch {
    return { ok: false, why: "failed" };
  }
};

/** Where this tablet gets its tickets: one machine has its own socket, a board is one socket to the makerspace's floor. */
export const ticketPath = ({ makerspace_id, equipment_ids }: Pairing): string => {
  const space = `/api/v1/makerspaces/${makerspace_id}`;
  return equipment_ids.length === 1
    ? `${space}/equipment/${equipment_ids[0]}/live_tickets`
    : `${space}/floor/live_tickets`;
};

/** Asks for a ticket. Only the server's own problem documents decide: a hotspot's log-in page must not unpair a tablet. */
export const requestTicket = async (fetcher: Fetch, pairing: Pairing): Promise<TicketResult> => {
  try {
    const response = await post(fetcher, ticketPath(pairing), pairing.token, {});
    if (response.ok) return { kind: "granted", url: ((await response.json()) as { url: string }).url };
    if (response.headers.get("content-type")?.includes("application/problem+json")) {
      if (response.status === 401 || response.status === 403) return { kind: "refused" };
      if (response.status === 404 || response.status === 410) return { kind: "gone" };
    }
    return { kind: "later", wait_ms: retryAfter(response, 0) * 1_000 };
  } catch {
    return { kind: "later", wait_ms: 0 };
  }
};
