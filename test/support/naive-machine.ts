/**
 * A machine as a beginner would write it: lists, and every pair compared. Written from the rules, not from the object, to be compared with it.
 * Time is counted in ticks of five minutes. Slots begin and end on whole ticks and "now" is always half a tick past one, so that
 * the few milliseconds a test takes never decide anything.
 */

import { holdsSlot, type ReservationStatus, stepsTo } from "../../src/modules/equipment/model.ts";
import type { Hold, NaiveBooking, NaiveKept, NaiveRules, NaiveSession, Verdict, Wanted } from "./naive-rules.ts";
import { closesAt, isFreshOpen, isOpen, keptUntil, nextStep } from "./naive-rules.ts";

const EARLY = 3;
const TICK_MINUTES = 5;
/** No two commands come at the same instant. */
const MOMENT = 1e-6;

export class NaiveMachine {
  now = -12 + 0.5;
  retired = false;
  bookings: NaiveBooking[] = [];
  session: NaiveSession | null = null;
  holds: Hold[] = [];
  kept: NaiveKept[] = [];

  constructor(readonly rules: NaiveRules) {}

  /** Time passes, if only by a moment: everything due happens, in order. */
  settle(): void {
    this.now += MOMENT;
    for (;;) {
      const due = this.bookings
        .filter((each) => each.due && each.due.at <= this.now)
        .sort((a, b) => (a.due?.at ?? 0) - (b.due?.at ?? 0));
      const [next] = due;
      if (!next) break;
      this.#clock(next);
    }
    for (const each of this.kept.filter((one) => one.until <= this.now)) this.letGo(each);
    if (this.session && this.session.planned <= this.now) this.session.overrun = true;
  }

  #clock(booking: NaiveBooking): void {
    const step = booking.due?.step;
    booking.due = null;
    if (step === "expire") this.leave(booking, "expired");
    if (step === "miss") this.#miss(booking);
    if (step === "begin") this.#become(booking, "active");
    if (step === "lapse") {
      if (booking.status === "approved") this.#become(booking, "active");
      booking.due = null;
      if (this.session?.booking !== booking.id) this.#become(booking, "completed");
    }
  }

  #miss(booking: NaiveBooking): void {
    if (!this.session) this.leave(booking, "no_show");
    else if (booking.ends <= this.now) {
      booking.counted = 0;
      this.leave(booking, "cancelled");
    } else booking.due = { step: "miss", at: Math.min(this.now + this.rules.grace, booking.ends) };
  }

  #become(booking: NaiveBooking, status: ReservationStatus): void {
    booking.status = status;
    if (status === "rejected" || status === "expired") booking.counted = 0;
    booking.version++;
    booking.due = nextStep(this.rules, booking, this.now);
  }

  leave(booking: NaiveBooking, status: ReservationStatus): void {
    this.holds = this.holds.filter((each) => each.id !== booking.id);
    this.#become(booking, status);
  }

  /** When a hold stops counting: after its buffer, or at the same member's next. */
  #until(hold: Hold): number {
    const next = this.#following(hold.ends, hold.id);
    const full = hold.ends + this.rules.buffer;
    return next?.member === hold.member ? Math.min(full, next.from) : full;
  }

  #following(at: number, but: string): Hold | undefined {
    return this.holds.filter((each) => each.id !== but && each.from >= at).sort((a, b) => a.from - b.from)[0];
  }

  /** What is in the way of [from, ends), looking past `but`. */
  conflicts(member: string, from: number, ends: number, but: string): Hold[] {
    const next = this.#following(ends, but);
    return this.holds.filter((each) => {
      if (each.id === but) return false;
      if (each.from >= ends) return each === next && each.member !== member && each.from < ends + this.rules.buffer;
      return (each.member === member ? each.ends : this.#untilWithout(each, but)) > from;
    });
  }

  /** As #until, had the booking that is about to move already gone. */
  #untilWithout(hold: Hold, but: string): number {
    const [all, rest] = [this.holds, this.holds.filter((each) => each.id !== but)];
    this.holds = rest;
    const until = this.#until(hold);
    this.holds = all;
    return until;
  }

  #hold(id: string, member: string, from: number, ends: number): void {
    this.holds = [...this.holds.filter((each) => each.id !== id), { id, member, from, ends }];
  }

  /** Puts a refusal before what would happen otherwise. */
  unlessRetired(work: () => Verdict): Verdict {
    this.settle();
    return this.retired ? "equipment_retired" : work();
  }

  mayBook(staff: boolean, starts: number, length: number, isNoticed: boolean): boolean {
    const isSoon = !staff && !isNoticed && starts < this.now + this.rules.notice;
    if (starts < this.now || isSoon || length < 1 || length > this.rules.max) return false;
    return staff || isOpen(this.rules, starts, starts + length);
  }

  /** Keeps a slot, in place of what is kept for the member. */
  keep(id: string, member: string, staff: boolean, starts: number, length: number): Verdict {
    return this.unlessRetired(() => {
      if (!this.mayBook(staff, starts, length, false)) return "booking_refused";
      const mine = this.kept.find((each) => each.member === member);
      const ends = starts + length;
      const goesOn = mine && mine.starts < ends && starts < mine.ends ? mine : null;
      const [born, renewals] = goesOn ? [goesOn.born, goesOn.renewals] : [this.now, 0];
      const until = keptUntil(this.rules, this.now, born, starts);
      if (until <= this.now) return "booking_refused";
      if (this.conflicts(member, starts, ends, mine?.id ?? id).length > 0) return "slot_taken";
      if (mine) this.letGo(mine);
      this.kept.push({ id, member, starts, ends, until, renewals, born });
      this.#hold(id, member, starts, starts + length);
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

  letGo(kept: NaiveKept): void {
    this.kept = this.kept.filter((each) => each !== kept);
    this.holds = this.holds.filter((each) => each.id !== kept.id);
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
    this.#hold(id, member, starts, ends);
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
      else if (step === "approve") this.#become(booking, "approved");
      else if (step === "check_in") this.#become(booking, "active");
      else this.leave(booking, ({ reject: "rejected", cancel: "cancelled", no_show: "no_show" } as const)[step]);
      return "ok";
    });
  }

  #excuse(booking: NaiveBooking): void {
    const from = Math.max(booking.starts, this.now);
    const isFree =
      booking.ends > this.now && this.conflicts(booking.member, from, booking.ends, booking.id).length === 0;
    if (!isFree) {
      booking.counted = 0;
      return this.#become(booking, "completed");
    }
    this.#hold(booking.id, booking.member, from, booking.ends);
    this.#become(booking, "approved");
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
      const held = this.holds.find((each) => each.id === booking.id);
      const from = isStartMoved ? starts : (held?.from ?? Math.max(starts, this.now));
      if (this.conflicts(booking.member, from, ends, booking.id).length > 0) return "slot_taken";
      this.#hold(booking.id, booking.member, from, ends);
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
      if (this.session) return "equipment_busy";
      if (this.now < booking.starts - EARLY) return "too_early";
      if (this.now < booking.starts) {
        if (this.conflicts(booking.member, this.now, booking.ends, booking.id).length > 0) return "slot_taken";
        this.#hold(booking.id, booking.member, this.now, booking.ends);
      }
      this.#become(booking, "active");
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
      if (this.session) return "equipment_busy";
      const next = this.#following(this.now, id);
      const limit = next ? next.from - (next.member === member ? 0 : this.rules.buffer) : Number.POSITIVE_INFINITY;
      const ends = Math.min(this.now + planned, limit, closes);
      if (ends - this.now < 0.2 || this.conflicts(member, this.now, ends, id).length > 0) return "slot_taken";
      this.#hold(id, member, this.now, ends);
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
      if (booking) this.#become(booking, "completed");
      this.session = null;
      const waiting = this.bookings.find(
        ({ status, starts, ends }) => status === "approved" && starts <= this.now && this.now < ends,
      );
      if (waiting) waiting.due = nextStep(this.rules, waiting, this.now);
      return "ok";
    });
  }

  /** Cancels what is ahead; how many. */
  sweep(member: string): number {
    this.settle();
    const ahead = this.bookings.filter(
      (each) => each.member === member && each.starts > this.now && stepsTo(each.status, "cancel").length > 0,
    );
    for (const booking of ahead) {
      booking.counted = 0;
      this.leave(booking, "cancelled");
    }
    for (const each of this.kept.filter((one) => one.member === member)) this.letGo(each);
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
