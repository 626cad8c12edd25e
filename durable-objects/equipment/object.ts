/**
 * One machine, as the worker speaks to it. Until its first settings come it has no tables and knows nothing: whoever names a machine
 * that is not there leaves no trace.
 */

import { DurableObject } from "cloudflare:workers";
import type {
  Availability,
  BundleOutcome,
  BundlePart,
  CommandCall,
  CommandKey,
  CommandResult,
  EquipmentPort,
  Explained,
  HolderFacts,
  HoldRecord,
  OfferRecord,
  OutageRecord,
  OutageTimes,
  PolicyParts,
  PolicyVersions,
  Question,
  ReconcileReport,
  ReservationRecord,
  ScheduleQuery,
  SessionRecord,
  TicketGrant,
  WholeSeries,
} from "../../src/modules/equipment/port.ts";
import { describeError, log } from "../../src/platform/log.ts";
import { Alarm } from "../alarm.ts";
import { type ObjectEnv, objectName, socketLimitsOf } from "../env.ts";
import { turnAway } from "../live/door.ts";
import { sayGoodbye } from "../live/messages.ts";
import type { Viewer } from "../live/tickets.ts";
import { isMigrated, migrate } from "../sql.ts";
import { unknownMachine } from "./commands.ts";
import { dropTriggers, mutantOf } from "./mutants.ts";
import { type Ports, portsOf } from "./ports.ts";
import { availability } from "./reads.ts";
import { migrations } from "./schema.ts";
import { Works } from "./works.ts";

/** After an alarm that failed for a reason nobody foresaw. */
const ALARM_RETRY_MS = 30_000;

export class EquipmentObject extends DurableObject<ObjectEnv> implements EquipmentPort {
  /** The world outside. An own property, so out of reach of RPC; tests put faults in front of it. */
  ports: Ports;
  readonly #makerspace_id: string;
  readonly #equipment_id: string;
  readonly #alarm: Alarm;
  /** Null until the machine is configured. */
  #works: Works | null;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    const { makerspace_id, id } = objectName(ctx.id.name);
    this.#makerspace_id = makerspace_id;
    this.#equipment_id = id;
    this.ports = portsOf(env, makerspace_id);
    this.#alarm = new Alarm(ctx.storage);
    const works = isMigrated(ctx.storage) ? this.#open() : null;
    this.#works = works;
    if (!works) return;
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      works.arm();
    });
  }

  async configure(parts: Partial<PolicyParts>): Promise<PolicyVersions> {
    if (!this.#works && !parts.makerspace && !parts.equipment) return { makerspace: 0, equipment: 0, hours: 0 };
    this.#works ??= this.#open();
    return this.#works.configure(parts);
  }

  async execute(call: CommandCall): Promise<CommandResult> {
    return this.#works ? this.#works.execute(call) : unknownMachine(call);
  }

  async replayed(key: CommandKey): Promise<CommandResult | null> {
    return this.#works?.replayed(key) ?? null;
  }

  async reservation(reservation_id: string): Promise<ReservationRecord | null> {
    return this.#works?.settled().reservation(reservation_id) ?? null;
  }

  async reservations(query: ScheduleQuery): Promise<ReservationRecord[]> {
    return this.#works?.settled().reservations(query) ?? [];
  }

  async session(session_id: string): Promise<SessionRecord | null> {
    return this.#works?.settled().session(session_id) ?? null;
  }

  async hold(hold_id: string): Promise<HoldRecord | null> {
    return this.#works?.settled().holds.get(hold_id) ?? null;
  }

  async series(series_id: string): Promise<WholeSeries | null> {
    const store = this.#works?.settled();
    const record = store?.series.read(series_id) ?? null;
    return store && record ? { record, reservations: store.series.bookings(series_id) } : null;
  }

  async outage(outage_id: string): Promise<OutageRecord | null> {
    return this.#works?.settled().outages.get(outage_id) ?? null;
  }

  async affectedBy(times: OutageTimes): Promise<ReservationRecord[]> {
    return this.#works?.affectedBy(times) ?? [];
  }

  async bundleOutcome(bundle_id: string): Promise<BundleOutcome> {
    // Without storage nothing can be written down, so nothing may be said.
    if (!this.#works) throw new Error("the machine has no settings");
    return this.#works.outcome(bundle_id);
  }

  async confirmPart(bundle_id: string, reservation_id: string): Promise<ReservationRecord | null> {
    return this.#works?.confirmPart(bundle_id, reservation_id) ?? null;
  }

  async bundleParts(bundle_id: string): Promise<BundlePart[]> {
    return this.#works?.settled().bundles.committed(bundle_id) ?? [];
  }

  async releasePart(bundle_id: string): Promise<void> {
    this.#works?.releasePart(bundle_id);
  }

  async isKept(reservation_id: string): Promise<boolean> {
    return (
      this.#works
        ?.settled()
        .bundles.parts()
        .some(({ draft }) => draft.id === reservation_id) ?? false
    );
  }

  async offerTo(entry_id: string): Promise<OfferRecord | null> {
    return this.#works?.settled().offers.to(entry_id) ?? null;
  }

  async availability(from: number, to: number): Promise<Availability> {
    const { state } = this.#works?.settled() ?? {};
    if (this.#works && state) return availability(this.#works.world, from, to, state.now());
    return { until: to, free: [], busy: [{ starts_at: from, ends_at: to, because: "equipment_unavailable" }] };
  }

  async explain(question: Question): Promise<Explained | null> {
    return this.#works?.explain(question) ?? null;
  }

  async grantTicket(grant: TicketGrant): Promise<boolean> {
    return this.#works?.grantTicket(grant) ?? false;
  }

  async closeSockets(principals: readonly Viewer[], reason: string): Promise<number> {
    return this.#works?.closeSockets(principals, reason) ?? 0;
  }

  async reproject(): Promise<ReconcileReport> {
    const nothing = {
      reservations: 0,
      sessions: 0,
      series: 0,
      outages: 0,
      repaired: 0,
      orphans: 0,
      marked: 0,
      parked: 0,
    };
    return this.#works ? this.#works.reproject() : nothing;
  }

  async introduce(holder: HolderFacts): Promise<void> {
    this.#works?.introduce(holder);
  }

  async forget(member_id: string): Promise<void> {
    this.#works?.forget(member_id);
  }

  async purge(member_id: string): Promise<void> {
    await this.#works?.purge(member_id);
  }

  async ping(): Promise<boolean> {
    return this.ctx.storage.sql.exec("SELECT 1 AS one").one().one === 1;
  }

  /** Moves the machine's clock against the host's. @throws outside tests. */
  async setClockOffset(ms: number): Promise<void> {
    if (this.env.ENVIRONMENT !== "test") throw new Error("the clock is shifted in tests only");
    this.#works?.shiftClock(ms);
  }

  override async fetch(request: Request): Promise<Response> {
    return this.#works ? this.#works.open(request) : turnAway(request);
  }

  override async webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    this.#works?.hear(socket, text);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    sayGoodbye(socket);
    this.#works?.report();
  }

  override async webSocketError(): Promise<void> {
    this.#works?.report();
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    try {
      await this.#works?.wake();
    } catch (error) {
      // Throwing would use up the platform's few retries.
      log.error("alarm_failed", { equipment_id: this.#equipment_id, error: describeError(error) });
      this.#alarm.arm(Date.now() + ALARM_RETRY_MS, true);
    }
  }

  #open(): Works {
    migrate(this.ctx.storage, migrations);
    const mutant = mutantOf(this.env);
    if (mutant) dropTriggers(this.ctx.storage.sql);
    return new Works(this.ctx, {
      makerspace_id: this.#makerspace_id,
      equipment_id: this.#equipment_id,
      alarm: this.#alarm,
      ports: () => this.ports,
      limits: socketLimitsOf(this.env),
      mutant,
    });
  }
}
