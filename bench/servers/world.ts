/** A makerspace with members and machines, made over HTTP. */
import { Api } from "../../test/support/http/client.ts";
import type { Bookable } from "../load/booking.ts";
import { HORIZON_DAYS, SLOT_MINUTES } from "../load/slots.ts";
import type { Issuer } from "./issuer.ts";

export const MEMBERS = 32;

export interface World extends Bookable {
  member_ids: readonly string[];
  /** Speaks as a super admin. */
  root: Api;
}

interface Created {
  id: string;
}

/** Makes `count` things, eight at a time; the results are in order. */
async function severally<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const from = made.length;
    const together = Array.from({ length: Math.min(8, count - from) }, (_, index) => make(from + index));
    made.push(...(await Promise.all(together)));
  }
  return made;
}

export async function createWorld(url: string, issuer: Issuer, machines: number, slug = "bench"): Promise<World> {
  const root = new Api(url, await issuer.token(`root-${slug}`, ["super_admin"]));
  const space = await root.post<Created>("/api/v1/makerspaces", {
    name: "Bench",
    slug,
    timezone: "Europe/Berlin",
    currency: "EUR",
  });
  const path = `/api/v1/makerspaces/${space.id}`;
  const members = await severally(MEMBERS, async (index) => {
    const user_id = `${slug}-${index}`;
    const body = {
      user_id,
      email: `${user_id}@example.org`,
      first_name: "Ada",
      last_name: `Member ${index}`,
      role: "user",
    };
    const { id } = await root.post<Created>(`${path}/members`, body);
    return { id, token: await issuer.token(user_id) };
  });
  const policy = { min_minutes: SLOT_MINUTES, granularity_minutes: SLOT_MINUTES, horizon_days: HORIZON_DAYS };
  const created = await severally(machines, (index) => {
    const body = { code: `M-${index}`, name: `Machine ${index}`, category: "laser_cutter", policy };
    return root.post<Created>(`${path}/equipment`, body);
  });
  return {
    makerspace_id: space.id,
    equipment_ids: created.map(({ id }) => id),
    tokens: members.map(({ token }) => token),
    member_ids: members.map(({ id }) => id),
    root,
  };
}
