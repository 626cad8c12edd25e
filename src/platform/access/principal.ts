/** Who sent a request, before any makerspace is looked at. */

export interface UserPrincipal {
  kind: "user";
  /** The issuer's prefix and `sub`: one person at one issuer. */
  user_id: string;
  issuer: string;
  subject: string;
  /** Only when the issuer says it is verified. */
  email: string | null;
  name: string | null;
  super_admin: boolean;
  /** The token and the sign-in, with the issuer's prefix. */
  jti: string | null;
  sid: string | null;
  /** Epoch milliseconds. */
  issued_at: number;
  expires_at: number;
}

export interface TabletPrincipal {
  kind: "tablet";
  tablet_id: string;
  makerspace_id: string;
  equipment_ids: string[];
}

/** An API token: of a member, or of a service account. */
export interface ApiTokenPrincipal {
  kind: "api_token";
  token_id: string;
  /** The only makerspace it opens. */
  makerspace_id: string;
  /** Epoch milliseconds. */
  expires_at: number;
}

export type Principal = UserPrincipal | TabletPrincipal | ApiTokenPrincipal;

/** The key for limits and idempotency scopes. */
export function principalKey(principal: Principal): string {
  if (principal.kind === "user") return `user:${principal.user_id}`;
  return principal.kind === "tablet" ? `tablet:${principal.tablet_id}` : `api_token:${principal.token_id}`;
}
