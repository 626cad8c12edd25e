/**
 * The peer: Hono on Node with PostgreSQL. The same body and token checks as MakrCave, a membership look-up in SQL, and
 * an exclusion constraint that refuses double bookings. Reads PORT, DATABASE_URL and ISSUER (one of `OIDC_ISSUERS`).
 * Below /lean it writes the reservation alone, below /full also the idempotency key, the audit and the outbox row.
 */
import { serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { ReservationInput } from "../../src/modules/equipment/reservations/contract.ts";
import { newId, sha256 } from "../../src/platform/ids.ts";
import { DAY, MINUTE, toIso } from "../../src/platform/time.ts";
import type { IssuerConfig } from "../servers/issuer.ts";
import { type Booking, PeerStore, type Standing, sqlState } from "./store.ts";

const { PORT = "0", DATABASE_URL = "", ISSUER = "{}" } = process.env;
const issuer = JSON.parse(ISSUER) as IssuerConfig;
const keys = createRemoteJWKSet(new URL(issuer.jwks_uri));
const store = new PeerStore(DATABASE_URL);

/** Verified tokens: as in MakrCave, a signature is checked once and the expiry each time. */
const verified = new Map<string, { sub: string; expires_at: number }>();

class Refusal extends Error {
  readonly status: 401 | 403 | 404 | 409 | 422;

  constructor(status: 401 | 403 | 404 | 409 | 422, code: string) {
    super(code);
    this.status = status;
  }
}

async function authenticate(header: string | undefined): Promise<string> {
  const token = /^Bearer (\S+)$/.exec(header ?? "")?.[1] ?? "";
  const known = verified.get(token);
  if (known && known.expires_at > Date.now()) return known.sub;
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      requiredClaims: ["exp", "iat", "sub"],
    });
    if (!issuer.azp.includes(String(payload.azp))) throw new Error("client is not on the list");
    const { sub = "", exp = 0 } = payload;
    verified.set(token, { sub, expires_at: exp * 1000 });
    return sub;
  } catch {
    throw new Refusal(401, "unauthenticated");
  }
}

/** The machine's booking policy. */
function check({ starts_at, ends_at }: { starts_at: number; ends_at: number }, rules: Standing): void {
  const minutes = (ends_at - starts_at) / MINUTE;
  const grid = rules.granularity_minutes * MINUTE;
  const refused =
    starts_at < Date.now() ||
    starts_at > Date.now() + rules.horizon_days * DAY ||
    starts_at % grid !== 0 ||
    ends_at % grid !== 0 ||
    minutes < rules.min_minutes ||
    minutes > rules.max_minutes;
  if (refused) throw new Refusal(409, "booking_refused");
}

async function book(c: Context, isFull: boolean): Promise<Response> {
  const user_id = await authenticate(c.req.header("authorization"));
  const { makerspace_id = "", equipment_id = "" } = c.req.param() as Record<string, string>;
  const standing = await store.standing(makerspace_id, user_id, equipment_id);
  if (!standing) throw new Refusal(404, "not_found");
  if (standing.member_status !== "active") throw new Refusal(403, "membership_suspended");
  const text = await c.req.text();
  const parsed = ReservationInput.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Refusal(422, "invalid_body");
  check(parsed.data, standing);
  const booking: Booking = {
    makerspace_id,
    id: newId(),
    equipment_id,
    member_id: standing.member_id,
    starts_at: toIso(parsed.data.starts_at),
    ends_at: toIso(parsed.data.ends_at),
    purpose: parsed.data.purpose ?? null,
  };
  const key = c.req.header("idempotency-key") ?? "";
  const stored = isFull
    ? await store.bookAndTell(booking, {
        scope: `user:${user_id}:create_reservation`,
        key,
        fingerprint: await sha256(`${c.req.path}\n${text}`),
        event_id: newId(),
        request_id: newId(),
      })
    : await store.book(booking);
  const created_at = stored.created_at.toISOString();
  return c.json(
    { ...booking, status: "approved", mine: true, created_at, updated_at: created_at, version: stored.version },
    201,
  );
}

const path = "api/v1/makerspaces/:makerspace_id/equipment/:equipment_id/reservations";
const app = new Hono();
app.get("/health", (c) => c.json({ status: "ok" }));
app.post(`/lean/${path}`, (c) => book(c, false));
app.post(`/full/${path}`, (c) => book(c, true));
app.onError((error, c) => {
  if (error instanceof Refusal) return c.json({ code: error.message }, error.status);
  if (sqlState(error) === "23P01") return c.json({ code: "slot_taken" }, 409);
  console.error(error);
  return c.json({ code: "internal_error" }, 500);
});
serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" });
