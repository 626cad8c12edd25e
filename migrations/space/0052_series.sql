-- Bookings that belong together: a projection of the machines' objects, like the bookings themselves.
ALTER TABLE reservations ADD COLUMN series_id TEXT;
CREATE TABLE series (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'cancelled')),
  rrule TEXT NOT NULL CHECK (length(rrule) <= 400),
  -- On the wall clock of the zone.
  local_start TEXT NOT NULL,
  timezone TEXT NOT NULL,
  duration_minutes INTEGER NOT NULL CHECK (duration_minutes > 0),
  -- From the first booking to the last.
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at > starts_at),
  purpose TEXT,
  project_id TEXT,
  created_by TEXT NOT NULL,
  continues TEXT,
  orphan INTEGER NOT NULL DEFAULT 0 CHECK (orphan IN (0, 1)),
  projected_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX series_by_status ON series (makerspace_id, status, starts_at, id);
CREATE INDEX series_by_equipment ON series (makerspace_id, equipment_id, status, starts_at, id);
CREATE INDEX series_by_member ON series (makerspace_id, member_id, status, starts_at, id);
CREATE INDEX series_by_member_and_equipment ON series (makerspace_id, member_id, equipment_id, status, starts_at, id);
