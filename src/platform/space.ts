/** A makerspace as one request, message or job sees it: who acts, what they may, and the handles that cannot reach another tenant. */

import type { Membership, SpaceSettings } from "./access/membership.ts";
import type { Access, Permission, Scope } from "./access/permissions.ts";
import type { UserPrincipal } from "./access/principal.ts";
import { type CommitContext, type CommitEntry, commit, type Write } from "./db/commit.ts";
import type { SpaceStore } from "./db/store.ts";
import { newId } from "./ids.ts";
import { objectOf } from "./objects.ts";
import { problem } from "./problem.ts";
import { sendEvents } from "./queue.ts";

/** Who does it. `id` is the membership, tablet, service account or job; a super_admin without a membership acts as `platform` with the user id. */
export interface Actor {
  kind: "member" | "tablet" | "service" | "system" | "platform";
  id: string;
  membership: Membership | null;
}

export interface SpaceInit {
  id: string;
  store: SpaceStore;
  actor: Actor;
  access: Access;
  settings: SpaceSettings | null;
  /** The token that a person came with; left out for everybody else. */
  sign_in?: UserPrincipal;
  request_id: string;
  now: number;
  /** Runs after the response. */
  defer: (work: Promise<unknown>) => void;
}

/** An Idempotency-Key with its scope, ready for D1 or for an object. */
export interface RequestKey {
  key: string;
  scope: string;
  fingerprint: string;
  ttl_ms: number;
}

export class Space {
  readonly id: string;
  readonly store: SpaceStore;
  readonly actor: Actor;
  readonly access: Access;
  /** The token that a person came with; null for tablets, API tokens and the system. */
  readonly sign_in: UserPrincipal | null;
  readonly request_id: string;
  readonly now: number;
  readonly defer: (work: Promise<unknown>) => void;
  /** Set by the route when the client sent one. */
  key: RequestKey | null = null;
  /** True once a commit stored its answer under the key. */
  hasStoredAnswer = false;
  private readonly loaded: SpaceSettings | null;
  private readonly marks: { name: string; ms: number }[] = [];

  constructor(init: SpaceInit) {
    this.id = init.id;
    this.store = init.store;
    this.actor = init.actor;
    this.access = init.access;
    this.sign_in = init.sign_in ?? null;
    this.loaded = init.settings;
    this.request_id = init.request_id;
    this.now = init.now;
    this.defer = init.defer;
  }

  /** Drizzle on this makerspace's database; conditions come from `space.store.in`. */
  get db(): SpaceStore["db"] {
    return this.store.db;
  }

  get settings(): SpaceSettings {
    if (!this.loaded) throw problem("not_found");
    return this.loaded;
  }

  /** The member who acts. @throws forbidden for anybody without a membership. */
  get member(): Membership {
    if (!this.actor.membership) throw problem("forbidden", { detail: "This needs a membership of this makerspace." });
    return this.actor.membership;
  }

  /** The widest scope of a permission, for one machine if given. */
  scope(permission: Permission, equipment_id?: string): Scope {
    return this.access.scope(permission, equipment_id);
  }

  /** Runs the writes with audit, outbox and idempotency key as one batch, then sends the events after the response. */
  async commit(entry: CommitEntry, ...writes: Write[]): Promise<void> {
    const { actor, key } = this;
    const context: CommitContext = {
      store: this.store,
      actor: { kind: actor.kind, id: actor.id },
      request_id: this.request_id,
      now: this.now,
      idempotency: key && {
        scope: key.scope,
        key: key.key,
        fingerprint: key.fingerprint,
        expires_at: this.now + key.ttl_ms,
      },
      newId,
    };
    const envelopes = await this.time("commit", commit(context, entry, writes));
    this.hasStoredAnswer ||= key !== null && entry.answer !== undefined;
    if (envelopes.length > 0) this.defer(sendEvents(envelopes));
  }

  /** The object of one thing in this makerspace, as the port `P` that its class implements. */
  object<P>(namespace: DurableObjectNamespace, id: string, location_hint?: string | null): P {
    return objectOf<P>(namespace, this.id, id, location_hint);
  }

  /** Measures a part of the work for Server-Timing. */
  async time<T>(name: string, work: Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work;
    } finally {
      this.mark(name, performance.now() - started);
    }
  }

  /** Notes a part of the work that was measured elsewhere. */
  mark(name: string, ms: number): void {
    this.marks.push({ name, ms });
  }

  /** "db;dur=3, object;dur=2" for those who may see operations. */
  serverTiming(): string | null {
    if (this.marks.length === 0 || this.scope("operations.read") === "none") return null;
    return this.marks.map((mark) => `${mark.name};dur=${mark.ms.toFixed(1)}`).join(", ");
  }
}
