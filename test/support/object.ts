/** One machine, its object and its rows in D1, for tests that talk to the object itself. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { EquipmentObject } from "../../durable-objects/equipment/object.ts";
import type { Ports } from "../../durable-objects/equipment/ports.ts";
import {
  type BookingPolicy,
  defaultPolicy,
  type EquipmentStatus,
  type Gates,
  openGates,
} from "../../src/modules/equipment/model.ts";
import type {
  Command,
  CommandActor,
  CommandKey,
  CommandResult,
  HolderFacts,
  PolicyParts,
  PolicyVersions,
  Refusal,
  ReservationRecord,
  SessionRecord,
} from "../../src/modules/equipment/port.ts";
import { DAY, HOUR, MINUTE } from "../../src/platform/time.ts";

/** A person of the test makerspace. */
export interface Person {
  id: string;
  staff: boolean;
  facts: HolderFacts;
}

export interface MachineOptions {
  /** That of another machine beside it. */
  makerspace_id?: string;
  policy?: Partial<BookingPolicy>;
  status?: EquipmentStatus;
  timezone?: string;
  show_holder?: PolicyParts["makerspace"]["show_holder"];
  /** False: no rows in D1, and a world outside that takes everything and keeps nothing. For tests of decisions only. */
  projected?: boolean;
}

/** How a command is sent, where it matters. */
export interface CallOptions {
  key?: string;
  fingerprint?: string;
  for?: Person;
  decide_before?: number;
  versions?: Partial<PolicyVersions>;
  gates?: Gates;
  /** The hold that a booking takes up. */
  hold?: string;
}

/** Tomorrow at 08:00 UTC: slots of tests count from here. */
export const MORNING = (Math.floor(Date.now() / DAY) + 1) * DAY + 8 * HOUR;

/** A slot of the morning: hours after 08:00. */
export const slot = (from: number, to: number): { starts_at: number; ends_at: number } => ({
  starts_at: MORNING + from * HOUR,
  ends_at: MORNING + to * HOUR,
});

/** A world outside that takes everything and keeps nothing. */
export const silentPorts: Ports = {
  project: async () => undefined,
  read: async () => [],
  send: async () => undefined,
  machine: () => {
    throw new Error("there is no other machine");
  },
  floor: { publish: async () => undefined, watched: async () => undefined },
};

let people = 0;

export function person(makes: Partial<HolderFacts> & { staff?: boolean } = {}): Person {
  const { staff = false, ...facts } = makes;
  const id = facts.member_id ?? crypto.randomUUID();
  people++;
  const names = { first_name: `First${people}`, last_name: `Last${people}`, hide_name: false };
  return { id, staff, facts: { ...names, ...facts, member_id: id } };
}

export class TestMachine {
  readonly makerspace_id: string;
  readonly equipment_id = crypto.randomUUID();
  readonly ada = person({ first_name: "Ada", last_name: "Lovelace" });
  readonly bob = person({ first_name: "Bob", last_name: "Babbage" });
  readonly desk = person({ first_name: "Desk", last_name: "Staff", staff: true });
  /** What stands before people, unless a call says otherwise. */
  gates: Gates = openGates;
  readonly #options: MachineOptions;
  #policy: BookingPolicy;
  #version = 0;
  #hours = 0;

  constructor(options: MachineOptions = {}) {
    this.#options = options;
    this.makerspace_id = options.makerspace_id ?? crypto.randomUUID();
    this.#policy = { ...defaultPolicy, ...options.policy };
  }

  /** A machine that is configured, known to D1, and whose clock stands at 07:00 before the morning. */
  static async open(options: MachineOptions = {}): Promise<TestMachine> {
    const machine = new TestMachine(options);
    if (options.projected !== false) await machine.insertRows(machine.ada, machine.bob, machine.desk);
    else await machine.setPorts(silentPorts);
    await machine.configure();
    await machine.setClock(MORNING - HOUR);
    return machine;
  }

  get name(): string {
    return `${this.makerspace_id}:${this.equipment_id}`;
  }

  /** A fresh stub: an old one is broken after an eviction. */
  get stub(): DurableObjectStub<EquipmentObject> {
    return env.EQUIPMENT.getByName(this.name);
  }

  /** Rows that the projection refers to. */
  async insertRows(...members: Person[]): Promise<void> {
    const at = Date.now();
    const member = env.DB_000.prepare(
      `INSERT INTO members (makerspace_id, id, email, first_name, last_name, role, status, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, 'user', 'active', ?, ?)`,
    );
    await env.DB_000.batch([
      ...members.map(({ id, facts }) =>
        member.bind(this.makerspace_id, id, `${id}@example.org`, facts.first_name, facts.last_name, at, at),
      ),
      env.DB_000.prepare(
        `INSERT INTO equipment (makerspace_id, id, code, name, category, status, created_at, updated_at)
         VALUES (?, ?, ?, 'Laser', 'laser_cutter', 'available', ?, ?) ON CONFLICT DO NOTHING`,
      ).bind(this.makerspace_id, this.equipment_id, this.equipment_id.slice(0, 8), at, at),
    ]);
  }

  /** Pushes settings, each time under a new version. */
  async configure(policy: Partial<BookingPolicy> = {}, status = this.#options.status ?? "available"): Promise<void> {
    this.#policy = { ...this.#policy, ...policy };
    this.#version++;
    const { timezone = "UTC", show_holder = "initials" } = this.#options;
    await this.stub.configure({
      makerspace: { version: this.#version, timezone, show_holder, policy: defaultPolicy },
      equipment: {
        version: this.#version,
        code: "L1",
        name: "Laser",
        category: "laser_cutter",
        location: "Hall",
        status,
        policy: this.#policy,
      },
    });
  }

  /** Puts another world around the object; an eviction brings the real one back. */
  setPorts(ports: Partial<Ports>): Promise<void> {
    return this.inside((object) => {
      object.ports = { ...object.ports, ...ports };
    });
  }

  /** Opening hours of every day, on the machine's wall clock; null is always. */
  async openDuring(window: { from: string; to: string } | null): Promise<void> {
    const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    this.#hours++;
    const windows = window && Object.fromEntries(days.map((day) => [day, [window]]));
    await this.stub.configure({ hours: { version: this.#hours, windows } });
  }

  inside<R>(work: (object: EquipmentObject, state: DurableObjectState) => R | Promise<R>): Promise<R> {
    return runInDurableObject(this.stub, work);
  }

  /** Makes the object's clock show `at` now; it goes on from there. */
  async setClock(at: number): Promise<void> {
    await this.stub.setClockOffset(at - Date.now());
  }

  alarm(): Promise<boolean> {
    return runDurableObjectAlarm(this.stub);
  }

  /** Sends a command as this person. Staff act with authority over any, for whom `options.for` says. */
  send(by: Person, command: Command, options: CallOptions = {}): Promise<CommandResult> {
    const actor: CommandActor = { kind: "member", id: by.id, authority: by.staff ? "any" : "own" };
    const { key, fingerprint = JSON.stringify(command), decide_before = Date.now() + 10_000 } = options;
    const commandKey: CommandKey | null =
      key === undefined ? null : { key, scope: `${by.id} ${command.type}`, fingerprint, ttl_ms: DAY };
    return this.stub.execute({
      command,
      actor,
      facts: {
        decide_before,
        policy_versions: {
          makerspace: this.#version,
          equipment: this.#version,
          hours: this.#hours,
          ...options.versions,
        },
        holder: options.for?.facts ?? (by.staff && isOnSomebodys(command) ? null : by.facts),
        gates: options.gates ?? this.gates,
      },
      key: commandKey,
      request_id: "test-request",
    });
  }

  reserve(by: Person, time: { starts_at: number; ends_at: number }, options: CallOptions = {}): Promise<CommandResult> {
    const reservation_id = crypto.randomUUID();
    return this.send(
      by,
      {
        type: "reserve",
        reservation_id,
        ...time,
        purpose: null,
        project_id: null,
        metadata: "{}",
        external_id: null,
        hold_id: options.hold ?? null,
      },
      options,
    );
  }

  /** A booking that must succeed. */
  async booked(by: Person, time: { starts_at: number; ends_at: number }, options: CallOptions = {}) {
    return reservationOf(await this.reserve(by, time, options));
  }

  /** A step that names a reservation and nothing else. */
  step(by: Person, type: "approve" | "reject" | "cancel" | "check_in" | "no_show" | "excuse", id: string) {
    const command: Command =
      type === "check_in" ? { type, reservation_id: id } : { type, reservation_id: id, note: null };
    return this.send(by, command);
  }

  amend(
    by: Person,
    current: ReservationRecord,
    change: { starts_at?: number; ends_at?: number; purpose?: string },
  ): Promise<CommandResult> {
    return this.send(by, { type: "amend", reservation_id: current.id, if_version: current.version, ...change });
  }

  start(by: Person, reservation_id: string | null, planned_minutes: number | null = null, options: CallOptions = {}) {
    const session_id = crypto.randomUUID();
    return this.send(
      by,
      { type: "start_session", session_id, reservation_id, planned_minutes, project_id: null },
      options,
    );
  }

  end(by: Person, session_id: string): Promise<CommandResult> {
    const outcome = { job_successful: true, output_quality: "good", notes: null } as const;
    return this.send(by, { type: "end_session", session_id, ...outcome });
  }

  /** The reservation as the object has it. */
  async read(id: string): Promise<ReservationRecord> {
    const found = await this.stub.reservation(id);
    if (!found) throw new Error(`no reservation ${id}`);
    return found;
  }

  /** What blocks the machine, as stored. */
  occupancy(): Promise<{ id: string; blocked_from: number; blocked_to: number; ends_at: number }[]> {
    return this.inside(
      (_, state) =>
        state.storage.sql
          .exec("SELECT id, blocked_from, blocked_to, ends_at FROM occupancy ORDER BY blocked_from")
          .toArray() as never,
    );
  }

  /** Rows of this machine in D1. */
  async d1<T>(table: "reservations" | "sessions" | "outages", columns = "*"): Promise<T[]> {
    const read = env.DB_000.prepare(
      `SELECT ${columns} FROM ${table} WHERE makerspace_id = ? AND equipment_id = ? ORDER BY id`,
    );
    return (await read.bind(this.makerspace_id, this.equipment_id).all<T>()).results;
  }
}

const makesOne: readonly Command["type"][] = ["reserve", "hold_part", "commit_bundle"];

/** True for what is done to a booking that exists: whose it is stands there. */
const isOnSomebodys = (command: Command): boolean =>
  !makesOne.includes(command.type) && "reservation_id" in command && command.reservation_id !== null;

export function refusalOf(result: CommandResult): Refusal {
  if (result.ok) throw new Error("this should have been refused");
  return result;
}

export function reservationOf(result: CommandResult): ReservationRecord {
  if (!result.ok) throw new Error(`refused: ${result.code} ${JSON.stringify(result.reasons)}`);
  if (!result.reservation) throw new Error("no reservation in the answer");
  return result.reservation;
}

export function sessionOf(result: CommandResult): SessionRecord {
  if (!result.ok) throw new Error(`refused: ${result.code} ${JSON.stringify(result.reasons)}`);
  if (!result.session) throw new Error("no session in the answer");
  return result.session;
}

/** Waits until `check` holds; for what happens behind the answer. */
export async function eventually(check: () => Promise<boolean> | boolean, within = 5_000): Promise<void> {
  const until = Date.now() + within;
  while (!(await check())) {
    if (Date.now() > until) throw new Error("it did not happen in time");
    await scheduler.wait(10);
  }
}

export { HOUR, MINUTE };
