/**
 * A machine as a beginner would write it: lists, and every pair compared. Written from the rules, not from the object, to be compared with it.
 * Time is counted in ticks of five minutes. Slots begin and end on whole ticks and "now" is always half a tick past one, so that
 * the few milliseconds a test takes never decide anything.
 */

import { holdsSlot, stepsTo } from "../../src/modules/equipment/model.ts";
import { MOMENT, NaiveLife } from "./naive-life.ts";
import type { NaiveBooking, NaiveKept, NaiveOutage, Verdict, Wanted } from "./naive-rules.ts";
import { closesAt, isFreshOpen, isOpen, keptUntil, nextStep } from "./naive-rules.ts";

const EARLY = 3;
const TICK_MINUTES = 5;

export class NaiveMachine extends NaiveLife {
  mayBook(staff: boolean, starts: number, length: number, isNoticed: boolean): boolean {
    const isSoon = !staff && !isNoticed && starts < this.now + this.rules.notice;
    if (starts < this.now || isSoon || length < 1 || length > this.rules.max) return false;
    return staff || isOpen(this.rules, starts, starts + length);
  }

  /** Keeps a slot, in place of what is kept for the member. */
  keep(id: string, member: string, staff: boolean, starts: number, length: number): Verdict {
    return this.unlessRetired(() => {
      if (!this.mayBook(staff, starts, length, false)) return "booking_refused";
      if (this.isOut(starts, starts + length)) return "equipment_unavailable";
      const mine = this.kept.find((each) => each.member === member);
      const ends = starts + length;
      const goesOn = mine && mine.starts < ends && starts < mine.ends ? mine : null;
      const [born, renewals] = goesOn ? [goesOn.born, goesOn.renewals] : [this.now, 0];
      const until = keptUntil(this.rules, this.now, born, starts);
      if (until <= this.now) return "booking_refused";
      if (this.conflicts(member, starts, ends, mine?.id ?? id).length > 0) return "slot_taken";
      if (mine) this.letGo(mine);
      this.kept.push({ id, member, starts, ends, until, renewals, born });
      this.hold(id, member, starts, starts + length);
      return "ok";
    });
  }

  renew(kept: NaiveKept, by: { id: string; staff: boolean }): Verdict {
    return this.unlessRetired(() => {
      if (!this.kept.includes(kept) || (!by.staff && by.id !== kept.member)) return "hold_gone";
      if (kept.renewals >= 2 || keptUntil(this.rules, this.now, kept.born, kept.starts) <= this.now)
        return "booking_refused";
      kept.renewals++;
      kept.until = keptUntil(this.rules, this.now, kept.born, kept.starts);
      return "ok";
    });
  }

  release(kept: NaiveKept, by: { id: string; staff: boolean }): Verdict {
    return this.unlessRetired(() => {
      if (!this.kept.includes(kept) || (!by.staff && by.id !== kept.member)) return "hold_gone";
      this.letGo(kept);
      return "ok";
    });
  }

  reserve(
    id: string,
    member: string,
    staff: boolean,
    starts: number,
    length: number,
    named: NaiveKept | null = null,
  ): Verdict {
    return this.unlessRetired(() => {
      const covers = (each: NaiveKept): boolean =>
        this.kept.includes(each) && each.member === member && each.starts <= starts && starts + length <= each.ends;
      if (named && !covers(named)) return "hold_gone";
      if (!this.mayBook(staff, starts, length, named !== null)) return "booking_refused";
      if (this.isOut(starts, starts + length)) return "equipment_unavailable";
      const mine = this.keptIn(member, starts, starts + length);
      if (this.conflicts(member, starts, starts + length, mine?.id ?? id).length > 0) return "slot_taken";
      if (mine) this.letGo(mine);
      this.book({ id, member, staff, starts, ends: starts + length, series: null });
      return "ok";
    });
  }

  book({ id, member, staff, starts, ends, series }: Wanted): void {
    const status = this.rules.approval === "staff" && !staff ? "pending" : "approved";
    const counted = (ends - starts) * TICK_MINUTES;
    const booking: NaiveBooking = {
      id,
      member,
      status,
      born: this.now,
      starts,
      ends,
      version: 1,
      counted,
      series,
      due: null,
    };
    booking.due = nextStep(this.rules, booking, this.now);
    this.bookings.push(booking);
    this.hold(id, member, starts, ends);
  }

  /** What is kept for a member within a time. */
  keptIn(member: string, starts: number, ends: number): NaiveKept | undefined {
    return this.kept.find((each) => each.member === member && each.starts < ends && starts < each.ends);
  }

  step(
    booking: NaiveBooking,
    step: "approve" | "reject" | "cancel" | "check_in" | "no_show" | "excuse",
    by: { id: string; staff: boolean },
  ): Verdict {
    return this.unlessRetired(() => {
      if (!by.staff && by.id !== booking.member) return "forbidden";
      if (stepsTo(booking.status, step).length === 0) return "illegal_transition";
      const usesCheckIn = this.rules.check_in !== "none";
      if ((step === "check_in" || step === "no_show") && !usesCheckIn) return "booking_refused";
      if (step === "check_in" && this.now < booking.starts - EARLY) return "too_early";
      if (step === "no_show" && this.now < booking.starts) return "too_early";
      const isLate = !by.staff && this.now > booking.starts - this.rules.cancel;
      if (step === "cancel" && !isLate) booking.counted = 0;
      if (step === "excuse") this.#excuse(booking);
      else if (step === "approve") this.become(booking, "approved");
      else if (step === "check_in") this.become(booking, "active");
      else this.leave(booking, ({ reject: "rejected", cancel: "cancelled", no_show: "no_show" } as const)[step]);
      return "ok";
    });
  }

  #excuse(booking: NaiveBooking): void {
    const from = Math.max(booking.starts, this.now);
    const isFree =
      booking.ends > this.now &&
      !this.isOut(from, booking.ends) &&
      this.conflicts(booking.member, from, booking.ends, booking.id).length === 0;
    if (!isFree) {
      booking.counted = 0;
      return this.become(booking, "completed");
    }
    this.hold(booking.id, booking.member, from, booking.ends);
    this.become(booking, "approved");
  }

  amend(
    booking: NaiveBooking,
    by: { id: string; staff: boolean },
    version: number,
    starts: number,
    ends: number,
  ): Verdict {
    return this.unlessRetired(() => {
      if (!by.staff && by.id !== booking.member) return "forbidden";
      if (version !== booking.version) return "stale_version";
      if (!holdsSlot(booking.status)) return "illegal_transition";
      const isStartMoved = starts !== booking.starts;
      if (!isStartMoved && ends === booking.ends) return "ok";
      if (!this.#mayAmend(booking, by.staff, starts, ends)) return "booking_refused";
      if (this.#isFreshOut(booking, starts, ends)) return "equipment_unavailable";
      const held = this.holds.find((each) => each.id === booking.id);
      const from = isStartMoved ? starts : (held?.from ?? Math.max(starts, this.now));
      if (this.conflicts(booking.member, from, ends, booking.id).length > 0) return "slot_taken";
      this.hold(booking.id, booking.member, from, ends);
      const running = !isStartMoved && starts < this.now && booking.due?.step === "miss" ? booking.due.at : null;
      [booking.starts, booking.ends] = [starts, ends];
      booking.counted = (ends - starts) * TICK_MINUTES;
      booking.version++;
      booking.due = nextStep(this.rules, booking, this.now);
      // Moving the end gives no second grace, and takes none of the first.
      if (running !== null && booking.due?.step === "miss") {
        booking.due.at = Math.min(Math.max(running, starts + this.rules.grace), ends);
      }
      if (this.session?.booking === booking.id) [this.session.planned, this.session.overrun] = [ends, false];
      return "ok";
    });
  }

  /** What was not booked before lies in an outage. */
  #isFreshOut(booking: NaiveBooking, starts: number, ends: number): boolean {
    if (booking.starts <= starts && ends <= booking.ends) return false;
    if (starts === booking.starts) return this.isOut(booking.ends, ends);
    return ends === booking.ends ? this.isOut(starts, booking.starts) : this.isOut(starts, ends);
  }

  #mayAmend(booking: NaiveBooking, staff: boolean, starts: number, ends: number): boolean {
    const isStartMoved = starts !== booking.starts;
    const shrinks = booking.starts <= starts && ends <= booking.ends;
    const length = ends - starts;
    if (booking.status === "active" && (isStartMoved || ends < this.now)) return false;
    if (booking.status === "active" && shrinks) return length > 0;
    if (ends < this.now || length < 1 || length > this.rules.max) return false;
    if (isStartMoved && starts < this.now) return false;
    if (isStartMoved && !shrinks && !staff && starts < this.now + this.rules.notice) return false;
    if (staff || shrinks) return true;
    return (
      isFreshOpen(this.rules, booking, starts, ends) && (this.rules.approval === "none" || booking.status === "pending")
    );
  }

  start(id: string, booking: NaiveBooking, by: { id: string; staff: boolean }): Verdict {
    return this.unlessRetired(() => {
      if (!by.staff && by.id !== booking.member) return "forbidden";
      if (stepsTo(booking.status, "start").length === 0) return "illegal_transition";
      if (this.isOut(this.now, this.now + MOMENT)) return "equipment_unavailable";
      if (this.session) return "equipment_busy";
      if (this.now < booking.starts - EARLY) return "too_early";
      if (this.now < booking.starts) {
        if (this.conflicts(booking.member, this.now, booking.ends, booking.id).length > 0) return "slot_taken";
        this.hold(booking.id, booking.member, this.now, booking.ends);
      }
      this.become(booking, "active");
      const { member, ends } = booking;
      this.session = { id, member, booking: booking.id, started: this.now, planned: ends, overrun: false };
      return "ok";
    });
  }

  walkUp(id: string, member: string, staff: boolean, planned: number): Verdict {
    return this.unlessRetired(() => {
      if (planned > this.rules.max || (this.rules.approval === "staff" && !staff)) return "booking_refused";
      const closes = staff ? Number.POSITIVE_INFINITY : closesAt(this.rules, this.now);
      if (closes === null) return "booking_refused";
      if (this.isOut(this.now, this.now + MOMENT)) return "equipment_unavailable";
      if (this.session) return "equipment_busy";
      const next = this.following(this.now, id);
      const limit = next ? next.from - (next.member === member ? 0 : this.rules.buffer) : Number.POSITIVE_INFINITY;
      const stays = Math.min(this.now + planned, closes);
      const ends = Math.min(this.outFrom(this.now, stays) ?? stays, limit);
      if (ends - this.now < 0.2 || this.conflicts(member, this.now, ends, id).length > 0) return "slot_taken";
      this.hold(id, member, this.now, ends);
      this.session = { id, member, booking: null, started: this.now, planned: ends, overrun: false };
      return "ok";
    });
  }

  end(by: { id: string; staff: boolean }): Verdict {
    return this.unlessRetired(() => {
      const { session } = this;
      if (!session) return "not_found";
      if (!by.staff && by.id !== session.member) return "forbidden";
      const booking = this.bookings.find((each) => each.id === session.booking);
      const held = this.holds.find((each) => each.id === (booking ?? session).id);
      if (held && held.ends > this.now) held.ends = this.now;
      const used = this.now - Math.min(session.started, booking?.starts ?? session.started);
      if (booking) booking.counted = Math.min(booking.counted, used * TICK_MINUTES);
      if (booking) this.become(booking, "completed");
      this.session = null;
      const waiting = this.bookings.find(
        ({ status, starts, ends }) => status === "approved" && starts <= this.now && this.now < ends,
      );
      if (waiting) waiting.due = nextStep(this.rules, waiting, this.now);
      return "ok";
    });
  }

  /** The bookings that an outage ends, by id. */
  metBy(from: number, to: number): string[] {
    const begins = Math.max(from, this.now);
    return this.bookings
      .filter(
        ({ status, starts, ends }) =>
          stepsTo(status, "cancel").length > 0 && begins < Math.min(to, ends) && starts < to,
      )
      .map(({ id }) => id)
      .sort();
  }

  /** Takes the machine out; `isSeen` when exactly those in the way are named. */
  takeOut(outage: NaiveOutage, isSeen: boolean): Verdict {
    return this.unlessRetired(() => {
      if (outage.to <= this.now) return "outage_refused";
      if (!isSeen) return "plan_stale";
      const met = this.metBy(outage.from, outage.to);
      this.outages.push(outage);
      for (const booking of this.bookings.filter(({ id }) => met.includes(id))) this.drop(booking);
      const begins = Math.max(outage.from, this.now);
      for (const each of this.kept.filter(({ starts, ends }) => starts < outage.to && begins < ends)) this.letGo(each);
      return "ok";
    });
  }

  lift(outage: NaiveOutage): Verdict {
    return this.unlessRetired(() => {
      if (!outage.lifted && outage.to <= this.now) return "outage_refused";
      outage.lifted = true;
      return "ok";
    });
  }

  /** Cancels what a member has ahead, and lets go what they keep unless only a skill is gone; how many. */
  sweep(member: string, isUnskilled = false): number {
    this.settle();
    const ahead = this.bookings.filter(
      (each) => each.member === member && each.starts > this.now && stepsTo(each.status, "cancel").length > 0,
    );
    for (const booking of ahead) this.drop(booking);
    for (const each of isUnskilled ? [] : this.kept.filter((one) => one.member === member)) this.letGo(each);
    return ahead.length;
  }

  retire(): Verdict {
    this.settle();
    if (this.retired) return "ok";
    if (this.session || this.bookings.some((each) => holdsSlot(each.status))) return "has_open_reservations";
    for (const each of this.kept) this.letGo(each);
    this.retired = true;
    return "ok";
  }
}
