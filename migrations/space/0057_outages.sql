-- When machines are out of service, as their objects decided. Only durable-objects/equipment/projection.ts writes this table.
CREATE TABLE outages (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'lifted')),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at > starts_at),
  -- Weekly windows in JSON; without them it is out throughout.
  weekly TEXT CHECK (weekly IS NULL OR json_valid(weekly)),
  reason TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 300),
  created_by TEXT NOT NULL,
  lifted_by TEXT,
  lifted_at INTEGER,
  orphan INTEGER NOT NULL DEFAULT 0 CHECK (orphan IN (0, 1)),
  projected_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT, WITHOUT ROWID;
-- One walk per status, of one machine or of all.
CREATE INDEX outages_by_equipment ON outages (makerspace_id, equipment_id, status, starts_at, id);
CREATE INDEX outages_by_status ON outages (makerspace_id, status, starts_at, id);

-- What became of the bookings in the way.
ALTER TABLE reservations ADD COLUMN may_move INTEGER NOT NULL DEFAULT 0 CHECK (may_move IN (0, 1));
ALTER TABLE reservations ADD COLUMN cancelled_by TEXT
  CHECK (cancelled_by IS NULL OR cancelled_by IN ('holder', 'staff', 'outage', 'standing', 'system'));
ALTER TABLE reservations ADD COLUMN outage_id TEXT;
ALTER TABLE reservations ADD COLUMN moved_to TEXT;
ALTER TABLE reservations ADD COLUMN moved_from TEXT;
