/** Bookings as iCalendar (RFC 5545). */

import ical, { ICalCalendarMethod, ICalEventStatus } from "ical-generator";
import { MINUTE, SECOND } from "../../../platform/time.ts";
import type { ReservationStatus } from "../model.ts";

/** A booking as a calendar shows it; times are epoch milliseconds. */
export interface CalendarEvent {
  id: string;
  status: ReservationStatus;
  starts_at: number;
  ends_at: number;
  version: number;
  created_at: number;
  updated_at: number;
  title: string;
  description: string | null;
}

/** How often a program need look again. */
const REFRESH = 15 * MINUTE;

const statusOf: Readonly<Record<ReservationStatus, ICalEventStatus>> = {
  pending: ICalEventStatus.TENTATIVE,
  approved: ICalEventStatus.CONFIRMED,
  active: ICalEventStatus.CONFIRMED,
  completed: ICalEventStatus.CONFIRMED,
  rejected: ICalEventStatus.CANCELLED,
  expired: ICalEventStatus.CANCELLED,
  cancelled: ICalEventStatus.CANCELLED,
  no_show: ICalEventStatus.CANCELLED,
};

const EPOCH = 2 ** 32;

/** A version (epoch · 2³² + n, n from 1) as SEQUENCE, which has 31 bits: grows with it as long as a booking changes less than 10,000 times. */
const sequenceOf = (version: number): number => Math.floor(version / EPOCH) * 10_000 + (version % EPOCH) - 1;

/** A calendar as text. UIDs stay the same for as long as a booking does. */
export function writeCalendar({
  name,
  makerspace_id,
  events,
}: {
  name: string;
  makerspace_id: string;
  events: readonly CalendarEvent[];
}): string {
  const calendar = ical({
    name,
    prodId: { company: "MakrCave", product: "bookings", language: "EN" },
    method: ICalCalendarMethod.PUBLISH,
    ttl: REFRESH / SECOND,
  });
  for (const { id, status, starts_at, ends_at, version, created_at, updated_at, title, description } of events) {
    calendar.createEvent({
      id: `${id}@${makerspace_id}.makrcave`,
      sequence: sequenceOf(version),
      status: statusOf[status],
      start: new Date(starts_at),
      end: new Date(ends_at),
      created: new Date(created_at),
      lastModified: new Date(updated_at),
      stamp: new Date(updated_at),
      summary: title,
      ...(description !== null && { description }),
    });
  }
  return calendar.toString();
}
