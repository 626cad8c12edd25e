/** Who has which stretch of a naive machine, and when it is out of service: lists, and every pair compared. Times are ticks of five minutes. */

import type { Hold, NaiveOutage, NaiveRules } from "./naive-rules.ts";

export class NaiveSlots {
  now = -12 + 0.5;
  holds: Hold[] = [];
  outages: NaiveOutage[] = [];

  constructor(readonly rules: NaiveRules) {}

  /** When an outage first has a part of [from, to); null when none has. */
  outFrom(from: number, to: number): number | null {
    const hits = this.outages
      .filter((each) => !each.lifted && each.from < to && from < each.to)
      .map((each) => Math.max(from, each.from));
    return hits.length > 0 ? Math.min(...hits) : null;
  }

  isOut(from: number, to: number): boolean {
    return this.outFrom(from, to) !== null;
  }

  /** When a hold stops counting: after its buffer, or at the same member's next. */
  until(hold: Hold): number {
    const next = this.following(hold.ends, hold.id);
    const full = hold.ends + this.rules.buffer;
    return next?.member === hold.member ? Math.min(full, next.from) : full;
  }

  following(at: number, but: string): Hold | undefined {
    return this.holds.filter((each) => each.id !== but && each.from >= at).sort((a, b) => a.from - b.from)[0];
  }

  /** What is in the way of [from, ends), looking past `but`. */
  conflicts(member: string, from: number, ends: number, but: string): Hold[] {
    const next = this.following(ends, but);
    return this.holds.filter((each) => {
      if (each.id === but) return false;
      if (each.from >= ends) return each === next && each.member !== member && each.from < ends + this.rules.buffer;
      return (each.member === member ? each.ends : this.untilWithout(each, but)) > from;
    });
  }

  /** As until, had the booking that is about to move already gone. */
  untilWithout(hold: Hold, but: string): number {
    const [all, rest] = [this.holds, this.holds.filter((each) => each.id !== but)];
    this.holds = rest;
    const until = this.until(hold);
    this.holds = all;
    return until;
  }

  hold(id: string, member: string, from: number, ends: number): void {
    this.holds = [...this.holds.filter((each) => each.id !== id), { id, member, from, ends }];
  }
}
