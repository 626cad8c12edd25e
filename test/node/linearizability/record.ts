/** Drives machines with concurrent clients over HTTP and writes down who asked what, when, and what came back. */

import { holdingStatuses, type Interval } from "../../../src/modules/equipment/model.ts";
import { type Api, type Page, type Reply, wireInterval } from "../../support/http/client.ts";
import type { WireHold, WireReservation, WireSession, World } from "../../support/http/world.ts";
import { randomOf } from "../support/random.ts";
import type { Operation } from "./checker.ts";
import type { Booking, Kept, MachineAnswer, MachineCall, Session } from "./state.ts";
import { type Client, learn, type Mix, nextCall, type Subject } from "./workload.ts";

export interface Plan {
  world: World;
  clients: readonly Client[];
  machines: readonly Subject[];
  seed: number;
  /** Asked before each operation with how many were issued so far: null when it is enough, else the mix to choose from. */
  mixAt(issued: number): Mix | null;
  /**
   * Called when nobody knows whether a call took effect, with what happened instead of an answer: true asks again with the same
   * Idempotency-Key, false lets it be.
   */
  retry(call: MachineCall, attempt: number, instead: string): Promise<boolean>;
}

export type Recorded = Operation<MachineCall, MachineAnswer>;

/** Runs the plan: each client asks, waits for the answer, asks again, until it is enough. */
export async function record(plan: Plan): Promise<Recorded[]> {
  const history: Recorded[] = [];
  let issued = 0;
  const run = async (client: Client, index: number): Promise<void> => {
    const random = randomOf(plan.seed * 1000 + index);
    for (let mix = plan.mixAt(issued); mix !== null; mix = plan.mixAt(issued)) {
      const id = issued++;
      const machine = random.pick(plan.machines);
      const call = nextCall(machine, client, random, mix);
      const called_at = performance.now();
      const output = await perform(plan, client.person.api, call);
      const returned_at = output === undefined ? Number.POSITIVE_INFINITY : performance.now();
      history.push({ id, client: index, called_at, returned_at, input: call, output });
      if (output !== undefined) learn(machine, output);
    }
  };
  await Promise.all(plan.clients.map(run));
  return history.sort((a, b) => a.id - b.id);
}

/** Sends one call, as often as the plan wants. Undefined: nobody knows whether it took effect. */
async function perform(plan: Plan, api: Api, call: MachineCall): Promise<MachineAnswer | undefined> {
  for (let attempt = 1; ; attempt++) {
    // A connection that breaks and an internal error say nothing about the effect.
    const reply = await send(plan.world, api, call).catch((error: unknown) => String(error));
    if (typeof reply !== "string" && reply.status < 500) return answerOf(reply, call);
    const instead =
      typeof reply === "string" ? reply : `${reply.status} ${JSON.stringify(reply.problem ?? reply.body)}`;
    if (!(await plan.retry(call, attempt, instead))) return undefined;
  }
}

function send(world: World, api: Api, call: MachineCall): Promise<Reply<unknown>> {
  const at = (rest: string): string => world.machinePath(call.machine, rest);
  const { key } = call;
  switch (call.type) {
    case "reserve": {
      const named = call.hold_id === undefined ? {} : { hold_token: call.hold_id };
      return api.send("POST", at("/reservations"), { key, body: { ...wireInterval(call), purpose: key, ...named } });
    }
    case "hold":
      return api.send("POST", at("/holds"), { key, body: wireInterval(call) });
    case "release":
      return api.send("DELETE", at(`/holds/${call.hold_id}`));
    case "move": {
      const { if_version } = call;
      return api.send("PATCH", at(`/reservations/${call.reservation_id}`), {
        key,
        if_version,
        body: wireInterval(call),
      });
    }
    case "approve":
    case "cancel":
    case "check_in":
      return api.send("POST", at(`/reservations/${call.reservation_id}/${call.type}`), { key, body: {} });
    case "start_session":
      return api.send("POST", at("/sessions"), { key, body: { reservation_id: call.reservation_id } });
    case "walk_up":
      return api.send("POST", at("/sessions"), { key, body: { planned_minutes: call.planned_minutes } });
    case "end_session":
      return api.send("POST", at(`/sessions/${call.session_id}/end`), { key, body: {} });
    case "retire":
      return api.send("DELETE", at(""));
    case "list": {
      const { starts_at, ends_at } = wireInterval(call);
      const status = holdingStatuses.map((each) => `&status=${each}`).join("");
      return api.send("GET", at(`/reservations?starts_from=${starts_at}&starts_to=${ends_at}&limit=100${status}`));
    }
  }
}

/** An HTTP answer in the words of the specification. */
export function answerOf(reply: Reply<unknown>, call: MachineCall): MachineAnswer {
  const { status, problem, body } = reply;
  const clash = problem?.conflicts_with;
  const answer: MachineAnswer = {
    status,
    replayed: reply.headers.get("idempotency-replayed") === "true",
    code: problem?.code ?? null,
    current_status: problem?.current_status ?? null,
    conflicts_with: clash ? intervalOf(clash) : null,
    reservation: null,
    session: null,
    hold: null,
    list: null,
  };
  if (status >= 300) return answer;
  if (call.type === "list") {
    const { data, next_cursor } = body as Page<WireReservation>;
    const list = data.map(bookingOf);
    // A full page says nothing about what starts after its last row.
    const reach = next_cursor === null ? call.ends_at : (list.at(-1)?.starts_at ?? 0) + 1;
    return { ...answer, list: { rows: list, starts_at: call.starts_at, ends_at: reach } };
  }
  if (call.type === "retire" || call.type === "release") return answer;
  if (call.type === "hold") return { ...answer, hold: holdOf(body as WireHold) };
  if (call.type === "start_session" || call.type === "walk_up" || call.type === "end_session") {
    return { ...answer, session: sessionOf(body as WireSession) };
  }
  return { ...answer, reservation: bookingOf(body as WireReservation) };
}

const intervalOf = (wire: { starts_at: string; ends_at: string }): Interval => ({
  starts_at: Date.parse(wire.starts_at),
  ends_at: Date.parse(wire.ends_at),
});

const bookingOf = (wire: WireReservation): Booking => {
  const { id, member_id, status, version } = wire;
  return { id, member_id, ...intervalOf(wire), status, version };
};

const holdOf = (wire: WireHold): Kept => ({ id: wire.hold_token, member_id: wire.member_id, ...intervalOf(wire) });

const sessionOf = (wire: WireSession): Session => ({
  id: wire.id,
  member_id: wire.member_id,
  reservation_id: wire.reservation_id,
  started_at: Date.parse(wire.started_at),
  planned_end_at: Date.parse(wire.planned_ends_at),
  ended_at: wire.ended_at === null ? null : Date.parse(wire.ended_at),
});
