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

export async function createWorld(url: string, issuer: Issuer, machines: number, slug = "bench"): Promise<World> {
  const root = new Api(url, await issuer.token(`root-${slug}`, ["super_admin"]));
  const space = await root.post<Created>("/api/v1/makerspaces", {
    name: "Bench",
    slug,
    timezone: "Europe/Berlin",
    currency: "EUR",
  });
  const path = `/api/v1/makerspaces/${space.id}`;
  const member_ids: string[] = [];
  const tokens: string[] = [];
  for (let index = 0; index < MEMBERS; index++) {
    const user_id = `${slug}-${index}`;
    const body = {
      user_id,
      email: `${user_id}@example.org`,
      first_name: "Ada",
      last_name: `Member ${index}`,
      role: "user",
    };
    member_ids.push((await root.post<Created>(`${path}/members`, body)).id);
    tokens.push(await issuer.token(user_id));
  }
  const policy = { min_minutes: SLOT_MINUTES, granularity_minutes: SLOT_MINUTES, horizon_days: HORIZON_DAYS };
  const equipment_ids: string[] = [];
  for (let index = 0; index < machines; index++) {
    const body = { code: `M-${index}`, name: `Machine ${index}`, category: "laser_cutter", policy };
    equipment_ids.push((await root.post<Created>(`${path}/equipment`, body)).id);
  }
  return { makerspace_id: space.id, equipment_ids, tokens, member_ids, root };
}
