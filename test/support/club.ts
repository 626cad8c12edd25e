/** Time for memberships: what the clockwork would do later, done now. */

import { vi } from "vitest";
import { cronTasks } from "../../src/background.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { blackHole, deliver } from "./background.ts";
import { inWorld } from "./faults.ts";
import { makeSpace, type Person, type TestSpace } from "./space.ts";
import type { Membership, MembershipTransaction, Plan } from "./wire.ts";

/** Runs the quarter's task at an instant and answers the messages for this makerspace, undelivered. */
export async function dueMessages(space: TestSpace, now: number): Promise<EventEnvelope[]> {
  const taken: EventEnvelope[] = [];
  const task = cronTasks.find(({ name }) => name === "memberships_due");
  await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => task?.run(now));
  return taken.filter(({ makerspace_id, type }) => makerspace_id === space.id && type === "memberships.due");
}

/** Works at an instant; requests inside would meet tokens that have expired. */
export async function atInstant<T>(now: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ["Date"], now });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

/** What the clockwork does in this makerspace at an instant. @returns how many messages it needed */
export async function clockwork(space: TestSpace, at: string | number): Promise<number> {
  const now = typeof at === "number" ? at : Date.parse(at);
  const messages = await dueMessages(space, now);
  await atInstant(now, () => deliver(messages));
  return messages.length;
}

/** A makerspace with a member, and ways to make plans and memberships in it. */
export async function makeClub(more: object = {}) {
  const space = await makeSpace(more);
  const currency = space.makerspace.currency;
  const plan = (price: number, rest: object = {}): Promise<Plan> =>
    space.root.post<Plan>(space.path("/plans"), {
      name: `Plan ${crypto.randomUUID()}`,
      price: { amount_minor: price, currency },
      ...rest,
    });
  const own = ({ member }: Person): string => space.path(`/members/${member.id}/memberships`);
  const join = (person: Person, { id }: Plan, rest: object = {}): Promise<Membership> =>
    space.root.post<Membership>(own(person), { plan_id: id, ...rest });
  const at = ({ id }: { id: string }, step = ""): string => space.path(`/memberships/${id}${step}`);
  const step = (membership: { id: string }, name: string, body: object = {}): Promise<Membership> =>
    space.root.post<Membership>(at(membership, `/${name}`), body);
  const read = (membership: { id: string }): Promise<Membership> => space.root.get<Membership>(at(membership));
  const transactions = (query: string): Promise<MembershipTransaction[]> =>
    space.root.all<MembershipTransaction>(space.path(`/membership_transactions?sort=created_at&${query}`));
  const amounts = async ({ id }: { id: string }): Promise<[string, number][]> =>
    (await transactions(`membership_id=${id}`)).map(({ kind, amount }) => [kind, amount.amount_minor]);
  return { space, ada: await space.person(), plan, own, join, at, step, read, transactions, amounts };
}
