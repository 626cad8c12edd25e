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

export type Principal = UserPrincipal | TabletPrincipal;

/** The key for limits and idempotency scopes. */
export const principalKey = (principal: Principal): string =>
  principal.kind === "user" ? `user:${principal.user_id}` : `tablet:${principal.tablet_id}`;
