-- What bookings count against the hours of a plan. Older rows count what they planned.
ALTER TABLE reservations ADD COLUMN counted_minutes INTEGER NOT NULL DEFAULT 0 CHECK (counted_minutes >= 0);
UPDATE reservations SET counted_minutes = (ends_at - starts_at + 59999) / 60000
  WHERE status IN ('pending', 'approved', 'active', 'completed', 'no_show');
ALTER TABLE sessions ADD COLUMN counted_minutes INTEGER NOT NULL DEFAULT 0 CHECK (counted_minutes >= 0);
UPDATE sessions SET counted_minutes = (planned_end_at - started_at + 59999) / 60000 WHERE reservation_id IS NULL;

-- Bookings on their way: counted from before the machine is asked until its row is here. The rows count from then on, so a claim lives for a moment.
CREATE TABLE booking_claims (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  -- Digest of the request's key and body, so that a retry finds its claim.
  key TEXT NOT NULL CHECK (length(key) = 64),
  -- The reservation or session it is for, and the first version of its row that counts what is claimed here.
  kind TEXT NOT NULL CHECK (kind IN ('reservation', 'session')),
  booking_id TEXT NOT NULL,
  settled_by INTEGER NOT NULL,
  -- What it adds: open bookings, and minutes in the cycle that holds starts_at.
  bookings INTEGER NOT NULL CHECK (bookings IN (0, 1)),
  minutes INTEGER NOT NULL CHECK (minutes >= 0),
  starts_at INTEGER NOT NULL,
  -- Requests that count on it. The last that is refused takes it back.
  waiting INTEGER NOT NULL,
  -- The machine decides nothing for it after this.
  decide_before INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id, equipment_id, key)
) STRICT, WITHOUT ROWID;
-- Those that nobody has taken back.
CREATE INDEX booking_claims_by_age ON booking_claims (decide_before, makerspace_id);

-- Opening hours are a part of what machines are owed.
ALTER TABLE policy_pushes ADD COLUMN hours_version INTEGER NOT NULL DEFAULT 0;
