/** The plan of an invite is joined with it; when that cannot be, the person is a member all the same, and staff see why. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { blackHole, deliver, outboxOf } from "../../../support/background.ts";
import { faulty, through } from "../../../support/faults.ts";
import { ACCEPT, address, Inviting, withAddress } from "../../../support/invites.ts";
import { nextMail, tokenIn } from "../../../support/mail.ts";
import { makeSpace, type TestSpace } from "../../../support/space.ts";
import type { Invite, Member, Membership, Plan } from "../../../support/wire.ts";

let space: TestSpace;
let at: Inviting;
beforeAll(async () => {
  space = await makeSpace();
  at = new Inviting(space);
});

const plan = (more: object = {}): Promise<Plan> =>
  space.root.post<Plan>(space.path("/plans"), {
    name: `Plan ${crypto.randomUUID()}`,
    price: { amount_minor: 1_000, currency: "EUR" },
    ...more,
  });

const memberships = (member: Member): Promise<Membership[]> =>
  space.root.all<Membership>(space.path(`/members/${member.id}/memberships`));

/** Invites somebody to a plan, and somebody comes. */
async function accepted(plan_id: string): Promise<{ member: Member; row: Invite }> {
  const row = await at.invite(address(), { plan_id });
  const token = tokenIn(await nextMail(row.email));
  const member = await (await withAddress(row.email)).post<Member>(ACCEPT, { token });
  return { member, row };
}

describe("an invite with a plan", () => {
  it("puts whoever accepts on it, once, whoever may join it otherwise", async () => {
    const { id } = await plan({ visibility: "staff", requires_approval: true });
    const { member, row } = await accepted(id);
    expect(await memberships(member)).toMatchObject([{ plan_id: id, status: "active" }]);
    expect(await at.read(row)).toMatchObject({ status: "accepted", plan_id: id, plan_problem: null });
    await deliver(await outboxOf(space, "invite.accepted"));
    expect(await memberships(member)).toHaveLength(1);
  });

  it("whose plan is full makes a member without it, and says why", async () => {
    const { id } = await plan({ max_members: 1 });
    await accepted(id);
    const { member, row } = await accepted(id);
    expect(member.status).toBe("active");
    expect(await memberships(member)).toEqual([]);
    expect(await at.read(row)).toMatchObject({ status: "accepted", plan_problem: "plan_full" });
  });

  it("is completed by its event when the database goes away in between", async () => {
    const { id } = await plan();
    const row = await at.invite(address(), { plan_id: id });
    const token = tokenIn(await nextMail(row.email));
    const somebody = await withAddress(row.email);
    const space_database = faulty(env.DB_000, {
      before: (statements) => {
        if (statements.some((sql) => /insert into "?memberships/i.test(sql))) throw new Error("D1_ERROR: away");
      },
    });
    const world = through({ DB_000: space_database, EVENTS: blackHole() as Queue });
    const member = await somebody.by(world).post<Member>(ACCEPT, { token });
    expect(await memberships(member)).toEqual([]);
    const events = (await outboxOf(space, "invite.accepted")).filter(({ subject }) => subject.id === row.id);
    expect(events).toHaveLength(1);
    await deliver(events);
    expect(await memberships(member)).toMatchObject([{ plan_id: id, status: "active" }]);
  });
});
