/** Brings the demo into a running system, over HTTP like any other client. Repeating it adds only what is missing. */
import { Temporal } from "temporal-polyfill";
import { type Client, type Identity, signIn } from "./client.ts";
import { type DemoMember, type DemoReservation, type DemoSpace, demoSpaces, superAdmin } from "./demo.ts";

interface Stored {
  id: string;
}

const emailOf = (sub: string): string => `${sub}@makrcave.example`;

/** The development identity of a demo member. */
export const identityOf = (member: DemoMember): Identity => ({
  sub: member.sub,
  email: emailOf(member.sub),
  name: `${member.first_name} ${member.last_name}`,
});

const ensureSpace = async (root: Client, demo: DemoSpace): Promise<Stored> => {
  const spaces = await root.list<Stored & { slug: string }>("/api/v1/makerspaces");
  const { slug, name, timezone, currency } = demo;
  return (
    spaces.find((space) => space.slug === slug) ?? root.post("/api/v1/makerspaces", { slug, name, timezone, currency })
  );
};

/** @returns member ids by `sub` */
const ensureMembers = async (root: Client, path: string, demo: DemoSpace): Promise<Map<string, string>> => {
  const known = await root.list<Stored & { email: string }>(`${path}/members`);
  const ids = new Map<string, string>();
  for (const member of demo.members) {
    const { sub, first_name, last_name, role, duty } = member;
    const stored =
      known.find((each) => each.email === emailOf(sub)) ??
      (await root.post<Stored>(`${path}/members`, {
        user_id: sub,
        email: emailOf(sub),
        first_name,
        last_name,
        role,
        ...(duty ? { duties: [{ duty }] } : {}),
      }));
    ids.set(sub, stored.id);
  }
  return ids;
};

/** @returns machine ids by code */
const ensureMachines = async (
  root: Client,
  path: string,
  demo: DemoSpace,
  members: ReadonlyMap<string, string>,
): Promise<Map<string, string>> => {
  const known = await root.list<Stored & { code: string }>(`${path}/equipment`);
  const ids = new Map<string, string>();
  for (const { owner, ...machine } of demo.machines) {
    const owner_member_id = owner === undefined ? undefined : members.get(owner);
    const stored =
      known.find((each) => each.code === machine.code) ??
      (await root.post<Stored>(`${path}/equipment`, { ...machine, ...(owner_member_id ? { owner_member_id } : {}) }));
    ids.set(machine.code, stored.id);
  }
  return ids;
};

/** The instants of a demo booking on the makerspace's own wall clock. */
const slotOf = (booking: DemoReservation, timezone: string): { starts_at: string; ends_at: string } => {
  const now = Temporal.Now.zonedDateTimeISO(timezone);
  const start =
    booking.at === "soon"
      ? now.round({ smallestUnit: "minute", roundingIncrement: 15, roundingMode: "ceil" })
      : now.add({ days: booking.day }).withPlainTime(booking.at);
  const end = start.add({ minutes: booking.minutes });
  return { starts_at: start.toInstant().toString(), ends_at: end.toInstant().toString() };
};

const seedSpace = async (url: string, root: Client, demo: DemoSpace): Promise<boolean> => {
  const path = `/api/v1/makerspaces/${(await ensureSpace(root, demo)).id}`;
  // Whoever has bookings has a demo, however people have changed it since.
  const { data: booked } = await root.get<{ data: unknown[] }>(`${path}/reservations?limit=1`);
  if (booked.length > 0) return false;
  const members = await ensureMembers(root, path, demo);
  const machines = await ensureMachines(root, path, demo, members);
  for (const booking of demo.reservations) {
    const member = demo.members.find((each) => each.sub === booking.by);
    if (!member) throw new Error(`the demo books for ${booking.by}, who is no member`);
    const client = await signIn(url, identityOf(member));
    await client.post(`${path}/equipment/${machines.get(booking.code)}/reservations`, {
      ...slotOf(booking, demo.timezone),
      purpose: booking.purpose,
    });
  }
  return true;
};

/**
 * Seeds the demo where it is missing.
 *
 * @returns true when it added bookings, false when the demo was there
 * @throws ApiError when the system refuses a step
 */
export const seedDemo = async (url: string): Promise<boolean> => {
  const root = await signIn(url, superAdmin);
  let added = false;
  for (const demo of demoSpaces) added = (await seedSpace(url, root, demo)) || added;
  return added;
};
