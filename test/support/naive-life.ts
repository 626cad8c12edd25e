/** What becomes of bookings and holds on a naive machine when time passes. */

import type { ReservationStatus } from "../../src/modules/equipment/model.ts";
import { type NaiveBooking, type NaiveKept, type NaiveSession, nextStep, type Verdict } from "./naive-rules.ts";
import { NaiveSlots } from "./naive-slots.ts";

/** No two commands come at the same instant. */
export const MOMENT = 1e-6;

export class NaiveLife extends NaiveSlots {
  retired = false;
  bookings: NaiveBooking[] = [];
  session: NaiveSession | null = null;
  kept: NaiveKept[] = [];

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
    if (step === "begin") this.become(booking, "active");
    if (step === "lapse") {
      if (booking.status === "approved") this.become(booking, "active");
      booking.due = null;
      if (this.session?.booking !== booking.id) this.become(booking, "completed");
    }
  }

  #miss(booking: NaiveBooking): void {
    if (!this.session) this.leave(booking, "no_show");
    else if (booking.ends <= this.now) {
      booking.counted = 0;
      this.leave(booking, "cancelled");
    } else booking.due = { step: "miss", at: Math.min(this.now + this.rules.grace, booking.ends) };
  }

  become(booking: NaiveBooking, status: ReservationStatus): void {
    booking.status = status;
    if (status === "rejected" || status === "expired") booking.counted = 0;
    booking.version++;
    booking.due = nextStep(this.rules, booking, this.now);
  }

  leave(booking: NaiveBooking, status: ReservationStatus): void {
    this.holds = this.holds.filter((each) => each.id !== booking.id);
    this.become(booking, status);
  }

  /** Puts a refusal before what would happen otherwise. */
  unlessRetired(work: () => Verdict): Verdict {
    this.settle();
    return this.retired ? "equipment_retired" : work();
  }

  letGo(kept: NaiveKept): void {
    this.kept = this.kept.filter((each) => each !== kept);
    this.holds = this.holds.filter((each) => each.id !== kept.id);
  }

  drop(booking: NaiveBooking): void {
    booking.counted = 0;
    this.leave(booking, "cancelled");
  }
}
