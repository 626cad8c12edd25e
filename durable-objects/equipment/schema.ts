/** The tables of one machine. Each index is there for a statement named in its comment. */

import { ticketTable } from "../live/tickets.ts";
import type { Migration } from "../sql.ts";

/** The second lock: even a bug in the schedule cannot write two overlapping rows. It looks at one row, like the first lock. */
export const overlapTriggers = `
CREATE TRIGGER occupancy_insert BEFORE INSERT ON occupancy
WHEN NEW.blocked_from < (
  SELECT blocked_to FROM occupancy WHERE blocked_from < NEW.blocked_to ORDER BY blocked_from DESC LIMIT 1)
BEGIN
  SELECT RAISE(ABORT, 'occupancy overlaps');
END;
CREATE TRIGGER occupancy_update BEFORE UPDATE ON occupancy
WHEN NEW.blocked_from < (
  SELECT blocked_to FROM occupancy
  WHERE blocked_from < NEW.blocked_to AND blocked_from <> OLD.blocked_from ORDER BY blocked_from DESC LIMIT 1)
BEGIN
  SELECT RAISE(ABORT, 'occupancy overlaps');
END;
`;

const machine = `
-- One row: the machine's own clock and counters. A number is epoch * 2^32 + n, so that a restored machine can win.
CREATE TABLE state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0,
  last_now INTEGER NOT NULL DEFAULT 0,
  clock_offset INTEGER NOT NULL DEFAULT 0,
  retired_at INTEGER,
  -- When a member was last swept, by the wall clock.
  swept_at INTEGER NOT NULL DEFAULT 0,
  -- Events up to here are in D1.
  projected_seq INTEGER NOT NULL DEFAULT 0,
  -- The newest change that the board shows, and what it was told.
  visible_seq INTEGER NOT NULL DEFAULT 0,
  board_seq INTEGER NOT NULL DEFAULT 0,
  board_watched INTEGER NOT NULL DEFAULT 0,
  -- Completed sessions and the time they took, ever.
  use_count INTEGER NOT NULL DEFAULT 0,
  use_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO state (id) VALUES (1);

-- The newest version of each policy part.
CREATE TABLE parts (
  part TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Everything that excludes. Rows never overlap, so blocked_from is unique and the row before a time is the only one that can reach it:
-- the table is its own index. [starts_at, ends_at) is what was asked for, [blocked_from, blocked_to) what is kept free.
CREATE TABLE occupancy (
  blocked_from INTEGER PRIMARY KEY,
  blocked_to INTEGER NOT NULL CHECK (blocked_to > blocked_from),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('reservation', 'walk_up', 'hold', 'offer')),
  -- Of the reservation or session.
  id TEXT NOT NULL,
  -- An offer has nobody yet.
  member_id TEXT,
  buffer_ms INTEGER NOT NULL
) STRICT;
${overlapTriggers}

CREATE TABLE reservations (
  id TEXT NOT NULL PRIMARY KEY,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  purpose TEXT,
  project_id TEXT,
  note TEXT,
  created_by TEXT NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  checked_in_at INTEGER,
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  -- 1 until this version is in D1.
  dirty INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The schedule of a range, one walk per status; the primary key follows.
CREATE INDEX reservations_by_status ON reservations (status, starts_at);
-- The flusher.
CREATE INDEX reservations_dirty ON reservations (dirty) WHERE dirty = 1;

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  member_id TEXT NOT NULL,
  reservation_id TEXT,
  project_id TEXT,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  planned_end_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_by TEXT,
  overrun_at INTEGER,
  collides_with TEXT,
  job_successful INTEGER,
  output_quality TEXT,
  notes TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  dirty INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- One open session, and the way to find it.
CREATE UNIQUE INDEX sessions_open ON sessions (status) WHERE status = 'active';
CREATE INDEX sessions_dirty ON sessions (dirty) WHERE dirty = 1;

-- What happened: the way to D1 for those that are projected, and the ring that live sockets resume from. No names.
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  projected INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

-- Effects remembered under their Idempotency-Key.
CREATE TABLE keys (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  result TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

-- What the clock will do: at most one thing per reservation or session, and a few for the machine itself.
CREATE TABLE timers (
  ref TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_due ON timers (due_at);

-- Names, for display only. Forgetting a person is deleting a row.
CREATE TABLE holders (
  member_id TEXT NOT NULL PRIMARY KEY,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  hide_name INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Bookings whose holders were told that the open session runs over.
CREATE TABLE told (reservation_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Members swept lately, by the wall clock: facts read before that are stale.
CREATE TABLE member_sweeps (
  member_id TEXT NOT NULL PRIMARY KEY,
  swept_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What D1 keeps refusing: kept for the staff, out of the way of the rest.
CREATE TABLE parked (
  kind TEXT NOT NULL,
  ref TEXT NOT NULL,
  tries INTEGER NOT NULL,
  error TEXT NOT NULL,
  -- Of an event: the ring forgets it.
  body TEXT,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (kind, ref)
) STRICT, WITHOUT ROWID;
${ticketTable}`;

/** What integrators keep with a reservation: opaque here. */
const reservationExtras = `
ALTER TABLE reservations ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE reservations ADD COLUMN external_id TEXT;
`;

/** Rows that are older than the counting count what they planned, as those in D1 do (migrations/space). */
const counting = `
ALTER TABLE reservations ADD COLUMN counted_minutes INTEGER NOT NULL DEFAULT 0;
UPDATE reservations SET counted_minutes = (ends_at - starts_at + 59999) / 60000
  WHERE status IN ('pending', 'approved', 'active', 'completed', 'no_show');
ALTER TABLE sessions ADD COLUMN counted_minutes INTEGER NOT NULL DEFAULT 0;
UPDATE sessions SET counted_minutes = (planned_end_at - started_at + 59999) / 60000 WHERE reservation_id IS NULL;
`;

/**
 * What has yet to go to D1 is what the events not told yet are about: a flag on each row, with its index, would be three more writes per
 * change. `resend` holds the few rows that no such event names.
 */
const eventSubjects = `
ALTER TABLE events ADD COLUMN subject_type TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN subject_id TEXT NOT NULL DEFAULT '';
UPDATE events SET subject_type = body ->> '$.envelope.subject.type', subject_id = body ->> '$.envelope.subject.id';
CREATE TABLE resend (
  kind TEXT NOT NULL CHECK (kind IN ('reservation', 'session')),
  id TEXT NOT NULL,
  -- What is newer than this has been told otherwise.
  version INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO resend (kind, id, version) SELECT 'reservation', id, version FROM reservations WHERE dirty = 1;
INSERT INTO resend (kind, id, version) SELECT 'session', id, version FROM sessions WHERE dirty = 1;
DROP INDEX reservations_dirty;
DROP INDEX sessions_dirty;
ALTER TABLE reservations DROP COLUMN dirty;
ALTER TABLE sessions DROP COLUMN dirty;
`;

/** Slots that are kept while their members choose. Few at a time, so that they need no index. */
const holds = `
CREATE TABLE holds (
  id TEXT NOT NULL PRIMARY KEY,
  member_id TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  renewals INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  -- The machine's number of its newest event.
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Bookings that belong together; few in number, each with up to a hundred bookings. */
const series = `
ALTER TABLE reservations ADD COLUMN series_id TEXT;
-- The bookings of a series.
CREATE INDEX reservations_by_series ON reservations (series_id, starts_at) WHERE series_id IS NOT NULL;
CREATE TABLE series (
  id TEXT NOT NULL PRIMARY KEY,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL,
  rrule TEXT NOT NULL,
  local_start TEXT NOT NULL,
  timezone TEXT NOT NULL,
  duration_minutes INTEGER NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  purpose TEXT,
  project_id TEXT,
  created_by TEXT NOT NULL,
  continues TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** A CHECK cannot be altered: the table is written anew with one more kind. */
const resentSeries = `
CREATE TABLE resend_anew (
  kind TEXT NOT NULL CHECK (kind IN ('reservation', 'session', 'series')),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO resend_anew (kind, id, version) SELECT kind, id, version FROM resend;
DROP TABLE resend;
ALTER TABLE resend_anew RENAME TO resend;
`;

/** What bookings cost: each keeps its terms, and the machine the versions of its price that they name. */
const prices = `
ALTER TABLE reservations ADD COLUMN price TEXT;
ALTER TABLE reservations ADD COLUMN fee_minor INTEGER;
ALTER TABLE sessions ADD COLUMN price TEXT;
CREATE TABLE price_books (version INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
`;

/** When the machine is out of service, and what became of the bookings in the way. `resend` takes outages as well. */
const outages = `
CREATE TABLE outages (
  id TEXT NOT NULL PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('open', 'lifted')),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at > starts_at),
  weekly TEXT,
  reason TEXT NOT NULL,
  created_by TEXT NOT NULL,
  lifted_by TEXT,
  lifted_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- What is not over.
CREATE INDEX outages_ahead ON outages (status, ends_at);
ALTER TABLE reservations ADD COLUMN may_move INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reservations ADD COLUMN cancelled_by TEXT;
ALTER TABLE reservations ADD COLUMN outage_id TEXT;
ALTER TABLE reservations ADD COLUMN moved_to TEXT;
ALTER TABLE reservations ADD COLUMN moved_from TEXT;
ALTER TABLE holds ADD COLUMN moves TEXT;
CREATE TABLE resend_rows (
  kind TEXT NOT NULL CHECK (kind IN ('reservation', 'session', 'series', 'outage')),
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO resend_rows (kind, id, version) SELECT kind, id, version FROM resend;
DROP TABLE resend;
ALTER TABLE resend_rows RENAME TO resend;
`;

/** Slots that are kept until a bundle of several machines is decided, and what this machine has decided for others. Few at a time. */
const bundles = `
ALTER TABLE reservations ADD COLUMN bundle_id TEXT;
CREATE TABLE bundle_parts (
  bundle_id TEXT NOT NULL PRIMARY KEY,
  -- JSON: what the slot becomes, for whom, and which machine decides.
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE bundles (
  bundle_id TEXT NOT NULL PRIMARY KEY,
  outcome TEXT NOT NULL CHECK (outcome IN ('committed', 'aborted')),
  -- JSON: the other machines.
  parts TEXT NOT NULL,
  -- JSON: the machines that have not said that they know.
  waiting TEXT NOT NULL,
  decided_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Who waits for freed time, without a name, and what is offered. Few at a time. */
const waiting = `
CREATE TABLE waiting (
  entry_id TEXT NOT NULL PRIMARY KEY,
  window_starts_at INTEGER NOT NULL,
  window_ends_at INTEGER NOT NULL,
  minutes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Those whose window is not over.
CREATE INDEX waiting_by_end ON waiting (window_ends_at);
CREATE TABLE offers (
  id TEXT NOT NULL PRIMARY KEY,
  -- Null until somebody is found.
  entry_id TEXT,
  member_id TEXT,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export const migrations: readonly Migration[] = [
  { id: 1, name: "machine", sql: machine },
  { id: 2, name: "reservation_extras", sql: reservationExtras },
  { id: 3, name: "counting", sql: counting },
  { id: 4, name: "event_subjects", sql: eventSubjects },
  { id: 5, name: "holds", sql: holds },
  { id: 6, name: "series", sql: series },
  { id: 7, name: "resent_series", sql: resentSeries },
  { id: 8, name: "prices", sql: prices },
  { id: 9, name: "outages", sql: outages },
  { id: 10, name: "bundles", sql: bundles },
  { id: 11, name: "waiting", sql: waiting },
];
