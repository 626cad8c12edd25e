/** The demo as data: two makerspaces in different time zones, every role and duty, six machines. */
import type { BookingPolicy, EquipmentCategory } from "../../src/modules/equipment/model.ts";

/** A member; `sub` is what a development token is asked for. */
export interface DemoMember {
  sub: string;
  first_name: string;
  last_name: string;
  role: "makerspace_admin" | "admin" | "user" | "service_provider";
  duty?: "desk" | "trainer" | "maintainer" | "stock_keeper" | "treasurer" | "safety";
}

export interface DemoMachine {
  code: string;
  name: string;
  category: EquipmentCategory;
  location: string;
  /** A member's `sub`. */
  owner?: string;
  policy?: Partial<BookingPolicy>;
  /** In the makerspace's currency. */
  hourly_rate?: { amount_minor: number; currency: string };
}

/** A booking on a local day, counted from today, at a local wall-clock time or at the next quarter of an hour. */
export interface DemoReservation {
  code: string;
  by: string;
  day: number;
  at: `${number}:${number}` | "soon";
  minutes: number;
  purpose: string;
}

export interface DemoSpace {
  slug: string;
  name: string;
  timezone: string;
  currency: string;
  members: readonly DemoMember[];
  machines: readonly DemoMachine[];
  reservations: readonly DemoReservation[];
}

/** The platform's own administrator: a realm role, no membership. */
export const superAdmin = { sub: "demo-root", name: "Platform Operator", realm_roles: ["super_admin"] };

const bengaluru: DemoSpace = {
  slug: "forge-bengaluru",
  name: "Forge Bengaluru",
  timezone: "Asia/Kolkata",
  currency: "INR",
  members: [
    { sub: "demo-owner", first_name: "Meera", last_name: "Rao", role: "makerspace_admin" },
    { sub: "demo-admin", first_name: "Arjun", last_name: "Nair", role: "admin" },
    { sub: "demo-member", first_name: "Asha", last_name: "Iyer", role: "user" },
    { sub: "demo-maker", first_name: "Dev", last_name: "Patel", role: "user" },
    { sub: "demo-provider", first_name: "Kavya", last_name: "Shetty", role: "service_provider" },
    { sub: "demo-desk", first_name: "Ravi", last_name: "Kumar", role: "admin", duty: "desk" },
    { sub: "demo-trainer", first_name: "Nisha", last_name: "Menon", role: "user", duty: "trainer" },
    { sub: "demo-maintainer", first_name: "Imran", last_name: "Khan", role: "user", duty: "maintainer" },
    { sub: "demo-stock", first_name: "Lakshmi", last_name: "Das", role: "user", duty: "stock_keeper" },
    { sub: "demo-treasurer", first_name: "Vikram", last_name: "Joshi", role: "admin", duty: "treasurer" },
    { sub: "demo-safety", first_name: "Anita", last_name: "Gowda", role: "user", duty: "safety" },
  ],
  machines: [
    {
      code: "LASER-1",
      name: "CO2 laser cutter 80 W",
      category: "laser_cutter",
      location: "Hall A",
      policy: { approval: "staff", buffer_minutes: 15, max_minutes: 240, late_cancel_fee_minor: 10_000 },
      hourly_rate: { amount_minor: 30_000, currency: "INR" },
    },
    {
      code: "PRINT-1",
      name: "Resin printer",
      category: "printer_3d",
      location: "Print room",
      policy: { granularity_minutes: 30, min_minutes: 30, max_minutes: 1440 },
    },
    {
      code: "CNC-1",
      name: "CNC router 1300 × 900",
      category: "cnc_machine",
      location: "Wood shop",
      policy: { check_in: "required", grace_minutes: 10, min_minutes: 60, notice_minutes: 60 },
    },
    {
      code: "SOLDER-1",
      name: "Soldering station",
      category: "soldering_station",
      location: "Electronics bench",
      owner: "demo-provider",
      policy: { check_in: "optional" },
    },
  ],
  reservations: [
    { code: "LASER-1", by: "demo-member", day: 1, at: "10:00", minutes: 90, purpose: "Acrylic enclosure" },
    { code: "LASER-1", by: "demo-maker", day: 1, at: "14:00", minutes: 60, purpose: "Plywood gears" },
    { code: "SOLDER-1", by: "demo-maker", day: 0, at: "soon", minutes: 60, purpose: "Keyboard repair" },
    { code: "PRINT-1", by: "demo-member", day: 1, at: "09:00", minutes: 240, purpose: "Miniatures" },
    { code: "PRINT-1", by: "demo-provider", day: 2, at: "09:00", minutes: 480, purpose: "Batch for a customer" },
    { code: "CNC-1", by: "demo-maker", day: 1, at: "16:00", minutes: 120, purpose: "Table top" },
    { code: "SOLDER-1", by: "demo-member", day: 2, at: "18:30", minutes: 45, purpose: "Sensor board" },
  ],
};

const berlin: DemoSpace = {
  slug: "werkhof-berlin",
  name: "Werkhof Berlin",
  timezone: "Europe/Berlin",
  currency: "EUR",
  members: [
    { sub: "demo-owner-berlin", first_name: "Lena", last_name: "Vogt", role: "makerspace_admin" },
    { sub: "demo-admin-berlin", first_name: "Jonas", last_name: "Krause", role: "admin" },
    { sub: "demo-member", first_name: "Asha", last_name: "Iyer", role: "user" },
    { sub: "demo-provider-berlin", first_name: "Mia", last_name: "Brandt", role: "service_provider" },
  ],
  machines: [
    { code: "FDM-1", name: "Filament printer", category: "printer_3d", location: "Ground floor" },
    {
      code: "SCOPE-1",
      name: "Oscilloscope 200 MHz",
      category: "measuring_tool",
      location: "Lab",
      policy: { max_minutes: 120, horizon_days: 14 },
    },
  ],
  reservations: [
    { code: "FDM-1", by: "demo-provider-berlin", day: 0, at: "soon", minutes: 90, purpose: "Replacement knobs" },
    { code: "FDM-1", by: "demo-member", day: 1, at: "11:15", minutes: 120, purpose: "Bike light mount" },
    { code: "SCOPE-1", by: "demo-provider-berlin", day: 3, at: "15:00", minutes: 60, purpose: "Amplifier repair" },
  ],
};

export const demoSpaces: readonly DemoSpace[] = [bengaluru, berlin];
