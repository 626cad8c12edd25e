/** The kinds of notification of bookings, sessions and machines. Pure. */

import type { NotificationType } from "./kinds.ts";

const onTheirBooking = { category: "booking", tells: "the holder" } as const;

export const bookingTypes = {
  "reservation.created": { ...onTheirBooking, title: "Your booking was made", mailed: false },
  "reservation.approved": {
    ...onTheirBooking,
    title: "Your booking was approved",
    mailed: true,
  },
  "reservation.rejected": {
    ...onTheirBooking,
    title: "Your booking was declined",
    mailed: true,
  },
  "reservation.cancelled": {
    ...onTheirBooking,
    title: "Your booking was cancelled",
    mailed: true,
  },
  "reservation.moved": {
    category: "booking",
    tells: "the holder",
    title: "Your machine is out of service: your booking was moved to another",
    mailed: true,
    urgent: true,
  },
  "reservation.move_failed": {
    category: "booking",
    tells: "the holder",
    title: "Your booking could not be moved after all, and is cancelled",
    mailed: true,
    urgent: true,
  },
  "reservation.expired": { ...onTheirBooking, title: "Your booking has lapsed", mailed: true },
  "reservation.amended": { ...onTheirBooking, title: "Your booking was changed", mailed: true },
  "reservation.no_show": { ...onTheirBooking, title: "You missed your booking", mailed: true },
  "reservation.excused": {
    ...onTheirBooking,
    title: "Your missed booking was excused",
    mailed: false,
  },
  "offer.assigned": {
    category: "waitlist",
    tells: "the member who waits",
    title: "A time that you wait for is offered to you",
    mailed: true,
    urgent: true,
  },
  "offer.lapsed": {
    category: "waitlist",
    tells: "the member who waited",
    title: "A time that was offered to you went to the next",
    mailed: false,
  },
  "series.created": { ...onTheirBooking, title: "Your series was booked", mailed: false },
  "series.amended": { ...onTheirBooking, title: "Your series was changed", mailed: true },
  "series.cancelled": { ...onTheirBooking, title: "Your series was cancelled", mailed: true },
  "reservation.starts_soon": {
    category: "booking",
    tells: "the holder, two hours ahead",
    title: "Your booking starts soon",
    mailed: true,
    urgent: true,
  },
  "session.ends_soon": {
    category: "machine",
    tells: "who uses the machine, ten minutes ahead",
    title: "Your session ends soon",
    mailed: false,
    urgent: true,
  },
  "session.overrun": {
    category: "machine",
    tells: "who runs over, and who is next",
    title: "A session runs over its time",
    mailed: false,
    urgent: true,
  },
  "session.of_suspended": {
    category: "safety",
    tells: "administrators, desk and safety",
    title: "A suspended member is still at a machine",
    mailed: true,
    urgent: true,
    required: true,
  },
  "session.ended_for_suspended": {
    category: "safety",
    tells: "administrators, desk and safety",
    title: "A suspended member's session was ended: look whether the machine still runs",
    mailed: true,
    urgent: true,
    required: true,
  },
  "equipment.down": {
    category: "machine",
    tells: "holders of bookings in the next seven days",
    title: "A machine that you booked is down",
    mailed: true,
    urgent: true,
  },
} as const satisfies Record<string, NotificationType>;
