/** Logout tokens of OpenID Connect Back-Channel Logout 1.0: an issuer's word that somebody signed out there. */

import { z } from "@hono/zod-openapi";
import { decodeJwt, type JWTHeaderParameters, jwtVerify } from "jose";
import { describeError, log } from "../log.ts";
import { Problem, problem } from "../problem.ts";
import { CLOCK_TOLERANCE_S, isForeign, orUnavailable, type TrustedIssuer, trustedIssuers } from "./tokens.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** The specification wants them short-lived; older ones are refused whatever their `exp` says. Seconds. */
const TAKEN_FOR_S = 300;

const Claims = z.object({
  iss: z.string(),
  jti: z.string().min(1).max(255),
  iat: z.number(),
  exp: z.number(),
  sub: z.string().min(1).max(200).optional(),
  sid: z.string().min(1).max(255).optional(),
  events: z.object({ [EVENT]: z.looseObject({}) }),
  nonce: z.never().optional(),
  /** Keycloak says what kind of token this is. */
  typ: z.literal("Logout").optional(),
});

/** Who signed out: a person, one sign-in of theirs, or both. */
export interface LoggedOut {
  issuer: string;
  jti: string;
  user_id: string | null;
  sid: string | null;
  /** Until then a second one with this `jti` could be taken for good. Epoch milliseconds. */
  expires_at: number;
}

/** @throws invalid_logout_token; unavailable without the issuer's keys. `now` is epoch milliseconds. */
export type LogoutVerifier = (token: string, now: number) => Promise<LoggedOut>;

const kinds: readonly unknown[] = ["logout+jwt", "JWT", undefined];

const refuseOtherKinds = ({ typ }: JWTHeaderParameters | { typ?: string }): void => {
  if (!kinds.includes(typ)) throw new Error("not a logout token");
};

async function verify(token: string, now: number, { issuer, keys }: TrustedIssuer): Promise<LoggedOut> {
  const { payload, protectedHeader } = await jwtVerify(token, orUnavailable(keys), {
    issuer: issuer.issuer,
    // Ours are the clients, not the API: the issuer tells each client of its own sign-ins.
    audience: issuer.azp,
    algorithms: issuer.algorithms,
    clockTolerance: CLOCK_TOLERANCE_S,
    maxTokenAge: TAKEN_FOR_S,
    requiredClaims: ["exp", "iat", "jti", "events"],
    currentDate: new Date(now),
  });
  refuseOtherKinds(protectedHeader);
  const { iss, jti, sub, sid, exp } = Claims.parse(payload);
  if (sub === undefined && sid === undefined) throw new Error("names nobody");
  const prefix = issuer.subject_prefix;
  return {
    issuer: iss,
    jti,
    user_id: sub === undefined ? null : prefix + sub,
    sid: sid === undefined ? null : prefix + sid,
    expires_at: Math.max(exp * 1_000, now + TAKEN_FOR_S * 1_000) + CLOCK_TOLERANCE_S * 2_000,
  };
}

/** Makes a verifier of the logout tokens of these issuers. */
export function makeLogoutVerifier(trusted: readonly TrustedIssuer[]): LogoutVerifier {
  const byName = new Map(trusted.map((one) => [one.issuer.issuer, one]));
  const prefixes = trusted.map((one) => one.issuer.subject_prefix);
  return async (token, now) => {
    try {
      const issuer = byName.get(decodeJwt(token).iss ?? "");
      if (!issuer) throw new Error("unknown issuer");
      const found = await verify(token, now, issuer);
      const own = issuer.issuer.subject_prefix;
      if ([found.user_id, found.sid].some((id) => id !== null && isForeign(id, own, prefixes)))
        throw new Error("subject of another issuer");
      return found;
    } catch (error) {
      if (error instanceof Problem) throw error;
      log.info("logout_token_refused", { reason: describeError(error) });
      throw problem("invalid_logout_token");
    }
  };
}

/** The verifier of this worker. */
export const verifyLogoutToken: LogoutVerifier = makeLogoutVerifier(trustedIssuers);
