/** Makerspaces for tests, made by real tokens and real routes. Each test mints its own. */

import type { BookingPolicy } from "../../src/modules/equipment/model.ts";
import { type Duty, duties, type MemberRole, memberRoles } from "../../src/platform/access/permissions.ts";
import { MINUTE } from "../../src/platform/time.ts";
import { type Answer, Api, type SendOptions } from "./api.ts";
import type { Equipment, Makerspace, Member, PairedTablet, PairingTablet, Reservation } from "./wire.ts";

/** A member with a token of their own. */
export interface Person {
  sub: string;
  email: string;
  member: Member;
  api: Api;
}

export interface PersonInput {
  role?: MemberRole;
  duties?: { duty: Duty; equipment_ids?: string[] | null; ends_at?: string | null }[];
  first_name?: string;
  last_name?: string;
  hide_name?: boolean;
}

/** A stretch of time on the wire. */
export interface Slot {
  starts_at: string;
  ends_at: string;
}

const tag = (): string => crypto.randomUUID().slice(0, 8);

/** A token of the development issuer. */
export async function tokenFor(sub: string, realm_roles: string[] = [], email = `${sub}@example.org`): Promise<string> {
  const body = { sub, email, name: sub, realm_roles };
  const { access_token } = await new Api().post<{ access_token: string }>("/api/v1/dev/tokens", body, { key: null });
  return access_token;
}

/** Somebody who is signed in and belongs nowhere yet. */
export const signIn = async (sub = `person-${tag()}`, realm_roles: string[] = []): Promise<Api> =>
  new Api(await tokenFor(sub, realm_roles));

/** A super_admin. */
export const signInAsRoot = (): Promise<Api> => signIn(`root-${tag()}`, ["super_admin"]);

/** A slot on the grid: `hours` from the next full hour, `minutes` long. */
export function slotIn(hours: number, minutes = 60): Slot {
  const hour = 60 * MINUTE;
  const starts_at = Math.ceil(Date.now() / hour) * hour + hours * hour;
  return { starts_at: iso(starts_at), ends_at: iso(starts_at + minutes * MINUTE) };
}

/** ISO 8601 UTC, as the API speaks. */
export const iso = (ms: number): string => new Date(ms).toISOString();

/** One makerspace and whoever a test needs in it. */
export class TestSpace {
  readonly #people = new Map<string, Promise<Person>>();

  constructor(
    readonly id: string,
    /** A super_admin, who is no member. */
    readonly root: Api,
    readonly makerspace: Makerspace,
  ) {}

  /** The path of something in this makerspace: "/equipment". */
  path(rest = ""): string {
    return `/api/v1/makerspaces/${this.id}${rest}`;
  }

  /** The member with a role, or with a duty on top of the role `user`; the same one each time. */
  as(who: MemberRole | Duty): Promise<Person> {
    const known = this.#people.get(who);
    if (known !== undefined) return known;
    const isRole = (memberRoles as readonly string[]).includes(who);
    const made = this.person(isRole ? { role: who as MemberRole } : { duties: [{ duty: who as Duty }] });
    this.#people.set(who, made);
    return made;
  }

  /** A member of every role and every duty. */
  async everybody(): Promise<Map<MemberRole | Duty, Person>> {
    const all = [...memberRoles, ...duties] as const;
    return new Map(await Promise.all(all.map(async (who) => [who, await this.as(who)] as const)));
  }

  /** A new member. */
  async person(input: PersonInput = {}): Promise<Person> {
    const sub = `person-${crypto.randomUUID()}`;
    const email = `${sub}@example.org`;
    const { role = "user", first_name = "Ada", last_name = `Byron-${sub.slice(7, 15)}`, ...rest } = input;
    const member = await this.root.post<Member>(this.path("/members"), {
      user_id: sub,
      email,
      role,
      first_name,
      last_name,
      ...rest,
    });
    return { sub, email, member, api: await signIn(sub) };
  }

  /** A new machine. */
  machine(policy: Partial<BookingPolicy> = {}, more: object = {}): Promise<Equipment> {
    const code = `M-${tag()}`;
    const body = { code, name: `Machine ${code}`, category: "laser_cutter", policy, ...more };
    return this.root.post<Equipment>(this.path("/equipment"), body);
  }

  /** Where the bookings of a machine are. */
  bookings(machine: { id: string }, rest = ""): string {
    return this.path(`/equipment/${machine.id}/reservations${rest}`);
  }

  /** Tries to book. */
  book(api: Api, machine: { id: string }, body: object, options: SendOptions = {}): Promise<Answer<Reservation>> {
    return api.send<Reservation>("POST", this.bookings(machine), { body, ...options });
  }

  /** Books. @throws when it is refused */
  booked(api: Api, machine: { id: string }, body: object): Promise<Reservation> {
    return api.post<Reservation>(this.bookings(machine), body);
  }

  /** Approves, cancels, … a reservation. */
  step(api: Api, reservation: Reservation, step: string, options: SendOptions = {}): Promise<Answer<Reservation>> {
    const path = this.bookings({ id: reservation.equipment_id }, `/${reservation.id}/${step}`);
    return api.send<Reservation>("POST", path, options);
  }

  /** A paired tablet on these machines. */
  async tablet(...machines: { id: string }[]): Promise<PairedTablet & { api: Api }> {
    const equipment_ids = machines.map((machine) => machine.id);
    const { pairing_code } = await this.root.post<PairingTablet>(this.path("/tablets"), { equipment_ids });
    // Each from an address of its own, so that the limit of tries is not shared.
    const headers = { "cf-connecting-ip": tag() };
    const paired = await new Api().post<PairedTablet>("/api/v1/tablets/pair", { code: pairing_code }, { headers });
    return { ...paired, api: new Api(paired.token) };
  }
}

/** A makerspace of its own. */
export async function makeSpace(more: object = {}): Promise<TestSpace> {
  const root = await signInAsRoot();
  const name = tag();
  const body = { name: `Space ${name}`, slug: `space-${name}`, timezone: "Europe/Berlin", currency: "EUR", ...more };
  const makerspace = await root.post<Makerspace>("/api/v1/makerspaces", body);
  return new TestSpace(makerspace.id, root, makerspace);
}

/** Two makerspaces that know nothing of each other. */
export async function makeTwoSpaces(): Promise<{ home: TestSpace; abroad: TestSpace }> {
  const [home, abroad] = await Promise.all([makeSpace(), makeSpace()]);
  return { home, abroad };
}

/** Asks again until it holds. @throws after `seconds` */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  seconds = 15,
): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const found = await ask();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await scheduler.wait(50);
  }
}
