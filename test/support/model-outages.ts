/** Taking a machine out and skills that are gone, as steps of the model test. */

import { expect } from "vitest";
import { type Gates, openGates } from "../../src/modules/equipment/model.ts";
import type { Command } from "../../src/modules/equipment/port.ts";
import { agree, command, ms, personOf, type Step } from "./model-steps.ts";

/** Nobody has the skill that the machine asks for. */
const unskilled: Gates = {
  ...openGates,
  skills: {
    enforcement: "block",
    grace_days: 0,
    groups: [{ mode: "all", skills: [{ skill_id: "s", name: "Laser", min_level: null, holdings: [] }] }],
  },
};

export const sweepUnskilled = (who: number): Step =>
  command(`sweepUnskilled(${who})`, async (model, real) => {
    const member_id = personOf(real, who % 3).id;
    const isRetired = model.retired;
    const cancelled = isRetired ? 0 : model.sweep(member_id, true);
    const ask = { type: "sweep_unskilled", member_id, note: "unskilled" } as const;
    const result = await real.machine.send(personOf(real, 3), ask, { gates: unskilled });
    agree("sweepUnskilled", model, isRetired ? "equipment_retired" : "ok", result);
    if (result.ok) expect(result.cancelled).toBe(cancelled);
    await scheduler.wait(2);
  });

/** Takes the machine out; whom that meets has to be the same, and is named, or is not. */
export const takeOut = (offset: number, length: number, isBlind: boolean): Step =>
  command(`takeOut(${offset}, ${length}${isBlind ? ", blind" : ""})`, async (model, real) => {
    model.settle();
    const from = Math.floor(model.now) + offset;
    const outage = { id: crypto.randomUUID(), from, to: from + length, lifted: false };
    const times = { starts_at: ms(outage.from), ends_at: ms(outage.to), weekly: null };
    const met = await real.machine.stub.affectedBy(times);
    const expectedlyMet = model.metBy(outage.from, outage.to);
    expect(met.map(({ id }) => id).sort()).toEqual(expectedlyMet);
    const displaced = isBlind ? [] : met.map(({ id, version }) => ({ reservation_id: id, version }));
    const expected = model.takeOut(outage, !isBlind || met.length === 0);
    const ask: Command = { type: "take_out", outage_id: outage.id, reason: "out", ...times, displaced };
    const result = await real.machine.send(personOf(real, 3), ask);
    agree("takeOut", model, expected, result);
    if (result.ok) expect(result.cancelled).toBe(expectedlyMet.length);
  });

export const lift = (target: number): Step =>
  command(`lift(${target})`, async (model, real) => {
    const outage = model.outages.at(-1 - (target % Math.max(1, model.outages.length)));
    if (!outage) return;
    const expected = model.lift(outage);
    agree(
      "lift",
      model,
      expected,
      await real.machine.send(personOf(real, 3), { type: "lift_outage", outage_id: outage.id }),
    );
  });
