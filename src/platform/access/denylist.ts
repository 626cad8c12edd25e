/**
 * Signing out before a token's time. The directory's denylist is read from the primary with every request and cached nowhere, so an entry
 * counts from the next request on (docs/adr/0007-denylist.md). Live sockets are closed by whoever signs somebody out: `live_visits` says where.
 */

import { and, eq, gt, or, sql } from "drizzle-orm";
import { directory } from "../db/driver.ts";
import { type DirectoryBuilder, readDirectory } from "../db/ready.ts";
import { denylist, liveVisits, logoutTokens } from "../db/tables.ts";
import { problem } from "../problem.ts";
import { DAY, MINUTE } from "../time.ts";
import type { UserPrincipal } from "./principal.ts";

/** Tokens that live longer are refused, so that no entry for all of a person's tokens has to be kept for longer than this. */
export const TOKEN_LIVES_AT_MOST = DAY;
/** A sign-in may be renewed for as long as the issuer lets it: offline sessions of Keycloak last thirty days. */
const SIGN_IN_LIVES_AT_MOST = 31 * DAY;
/** A ticket's half minute, a socket's ten minutes, and a little for clocks. */
const VISIT_LASTS = 11 * MINUTE;

/** What is signed out. */
export type Denial =
  | { kind: "jti" | "sid"; value: string; expires_at: number }
  /** Everything of a person that was issued before `not_before`. */
  | { kind: "sub"; value: string; not_before: number; expires_at: number };

const isEntry = (kind: Denial["kind"], value: string) => and(eq(denylist.kind, kind), eq(denylist.value, value));

const denials: DirectoryBuilder<"now" | "user_id" | "issued_at" | "jti" | "sid"> = (db, token) =>
  db
    .select({ kind: denylist.kind })
    .from(denylist)
    .where(
      and(
        sql`${denylist.expires_at} > ${token.now}`,
        or(
          and(isEntry("sub", token.user_id), sql`${denylist.not_before} > ${token.issued_at}`),
          isEntry("jti", token.jti),
          isEntry("sid", token.sid),
        ),
      ),
    )
    .limit(1);

/** No entry has an empty value. */
const namesOf = ({ user_id, issued_at, jti, sid }: UserPrincipal) => ({
  user_id,
  issued_at,
  jti: jti ?? "",
  sid: sid ?? "",
});

/** @throws unauthenticated when the token was signed out */
export async function checkDenylist(principal: UserPrincipal, now: number): Promise<void> {
  const found = await readDirectory(denials, { now, ...namesOf(principal) });
  if (found.length > 0) throw problem("unauthenticated", { detail: "This token was signed out." });
}

/** What ends this sign-in: its session, or the token alone where the issuer names no session. */
export function denialsOf({ sid, jti, expires_at }: UserPrincipal, now: number): Denial[] {
  return [
    ...(sid === null ? [] : [signInDenial(sid, now)]),
    ...(jti === null ? [] : [{ kind: "jti", value: jti, expires_at: expires_at + MINUTE } as const]),
  ];
}

/** One sign-in, with all tokens it still brings forth. */
export const signInDenial = (sid: string, now: number): Denial => ({
  kind: "sid",
  value: sid,
  expires_at: now + SIGN_IN_LIVES_AT_MOST,
});

/** Everything of a person so far. A token says its second only: those of this very second go, too. */
export const personDenial = (user_id: string, now: number): Denial => ({
  kind: "sub",
  value: user_id,
  not_before: now + 1,
  expires_at: now + TOKEN_LIVES_AT_MOST + MINUTE,
});

/** Somebody's live sockets in a makerspace. */
export interface Visit {
  makerspace_id: string;
  viewer_id: string;
}

/** A logout token, to be taken once. */
export interface LogoutMark {
  issuer: string;
  jti: string;
  expires_at: number;
}

/** Thrown when a logout token was taken before. */
export class LogoutReplayed extends Error {
  override name = "LogoutReplayed";
}

/**
 * Writes the entries and reads, in the same transaction, where the person may watch: by user id, or by their sign-in where only that is known.
 * @throws LogoutReplayed when the mark is there already; nothing is written then
 */
export async function deny(
  entries: readonly Denial[],
  who: { user_id: string } | { sid: string },
  now: number,
  mark?: LogoutMark,
): Promise<Visit[]> {
  const db = directory();
  const written = entries.map((entry) => {
    const row = { not_before: 0, ...entry };
    const { not_before, expires_at } = row;
    return db
      .insert(denylist)
      .values(row)
      .onConflictDoUpdate({
        target: [denylist.kind, denylist.value],
        set: {
          not_before: sql`max(${denylist.not_before}, ${not_before})`,
          expires_at: sql`max(${denylist.expires_at}, ${expires_at})`,
        },
      });
  });
  const visits = db
    .select({ makerspace_id: liveVisits.makerspace_id, viewer_id: liveVisits.viewer_id })
    .from(liveVisits)
    .where(
      and(
        "user_id" in who ? eq(liveVisits.user_id, who.user_id) : eq(liveVisits.sid, who.sid),
        gt(liveVisits.expires_at, now),
      ),
    );
  try {
    const marks = mark ? [db.insert(logoutTokens).values(mark)] : [];
    const results = await db.batch([visits, ...marks, ...written]);
    return distinct(results[0]);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    if (/UNIQUE constraint failed: logout_tokens/.test(cause)) throw new LogoutReplayed();
    throw error;
  }
}

const distinct = (visits: readonly Visit[]): Visit[] => [
  ...new Map(visits.map((visit) => [`${visit.makerspace_id} ${visit.viewer_id}`, visit])).values(),
];

/**
 * Lets a person watch who has just been granted a ticket: notes the visit and looks at the denylist once more, in one transaction. Whoever
 * signs them out meanwhile either sees the visit and withdraws the ticket, or is seen here.
 * @throws unauthenticated when the token was signed out; the ticket must not be handed out then
 */
export async function admitWatcher(principal: UserPrincipal, visit: Visit, now: number): Promise<void> {
  const db = directory();
  const { user_id, issued_at, jti, sid } = namesOf(principal);
  const row = { user_id, ...visit, sid, expires_at: now + VISIT_LASTS };
  const [, found] = await db.batch([
    db
      .insert(liveVisits)
      .values(row)
      .onConflictDoUpdate({
        target: [liveVisits.user_id, liveVisits.makerspace_id, liveVisits.sid],
        set: { viewer_id: row.viewer_id, expires_at: row.expires_at },
      }),
    db
      .select({ kind: denylist.kind })
      .from(denylist)
      .where(
        and(
          gt(denylist.expires_at, now),
          or(
            and(isEntry("sub", user_id), gt(denylist.not_before, issued_at)),
            isEntry("jti", jti),
            isEntry("sid", sid),
          ),
        ),
      )
      .limit(1),
  ]);
  if (found.length > 0) throw problem("unauthenticated", { detail: "This token was signed out." });
}
