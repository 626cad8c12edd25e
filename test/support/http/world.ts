/** Makes makerspaces, people, machines and bookings over HTTP, as a client would. */

import type { BookingPolicy, EquipmentCategory, ReservationStatus } from "../../../src/modules/equipment/model.ts";
import { Api } from "./client.ts";

/** A reservation as the API answers it; what the caller may not see is missing. */
export interface WireReservation {
  id: string;
  equipment_id: string;
  member_id: string;
  starts_at: string;
  ends_at: string;
  status: ReservationStatus;
  version: number;
}

export interface WireHold {
  hold_token: string;
  member_id: string;
  starts_at: string;
  ends_at: string;
}

export interface WireSession {
  id: string;
  equipment_id: string;
  member_id: string;
  reservation_id: string | null;
  status: "active" | "completed";
  started_at: string;
  planned_ends_at: string;
  ended_at: string | null;
  version: number;
}

export interface WireMember {
  id: string;
  status: string;
}

export interface WireEquipment {
  id: string;
  code: string;
  version: number;
}

/** A member with a token of their own. */
export interface Person {
  sub: string;
  member_id: string;
  first_name: string;
  last_name: string;
  api: Api;
}

export interface PersonOptions {
  role?: "makerspace_admin" | "admin" | "user" | "service_provider";
  duties?: string[];
  first_name?: string;
  last_name?: string;
}

/** A token from the development issuer. */
export async function signIn(url: string, sub: string, realm_roles: "super_admin"[] = []): Promise<Api> {
  const body = { sub, email: `${sub}@example.org`, name: sub, realm_roles };
  const { access_token } = await new Api(url).post<{ access_token: string }>("/api/v1/dev/tokens", body);
  return new Api(url, access_token);
}

/** One makerspace and everything a test needs to fill it. */
export class World {
  readonly url: string;
  readonly makerspace_id: string;
  /** A super admin. */
  readonly root: Api;

  private constructor(url: string, makerspace_id: string, root: Api) {
    this.url = url;
    this.makerspace_id = makerspace_id;
    this.root = root;
  }

  /** A fresh makerspace; its slug is unique, so that tests may share a server. */
  static async create(url: string, name = "Test space"): Promise<World> {
    const tag = crypto.randomUUID().slice(0, 8);
    const root = await signIn(url, `root-${tag}`, ["super_admin"]);
    const body = { name, slug: `test-${tag}`, timezone: "Europe/Berlin", currency: "EUR" };
    const { id } = await root.post<{ id: string }>("/api/v1/makerspaces", body);
    return new World(url, id, root);
  }

  /** The path of something in this makerspace. */
  path(rest: string): string {
    return `/api/v1/makerspaces/${this.makerspace_id}/${rest}`;
  }

  machinePath(equipment_id: string, rest = ""): string {
    return this.path(`equipment/${equipment_id}${rest}`);
  }

  async person(options: PersonOptions = {}): Promise<Person> {
    const sub = `person-${crypto.randomUUID()}`;
    const { first_name = "Ada", last_name = `Byron-${sub.slice(7, 13)}` } = options;
    const member = await this.root.post<WireMember>(this.path("members"), {
      user_id: sub,
      email: `${sub}@example.org`,
      first_name,
      last_name,
      role: options.role ?? "user",
      ...(options.duties && { duties: options.duties.map((duty) => ({ duty })) }),
    });
    return { sub, member_id: member.id, first_name, last_name, api: await signIn(this.url, sub) };
  }

  async people(count: number, options: PersonOptions = {}): Promise<Person[]> {
    return Promise.all(Array.from({ length: count }, () => this.person(options)));
  }

  async machine(
    policy: Partial<BookingPolicy> = {},
    category: EquipmentCategory = "laser_cutter",
  ): Promise<WireEquipment> {
    const code = `M-${crypto.randomUUID().slice(0, 8)}`;
    return this.root.post<WireEquipment>(this.path("equipment"), {
      code,
      name: `Machine ${code}`,
      category,
      policy,
    });
  }

  async machines(count: number, policy: Partial<BookingPolicy> = {}): Promise<WireEquipment[]> {
    return Promise.all(Array.from({ length: count }, () => this.machine(policy)));
  }
}
