-- What the equipment objects decided. Only durable-objects/equipment/projection.ts writes these tables.
CREATE TABLE reservations (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN (
    'pending', 'approved', 'active', 'completed', 'rejected', 'expired', 'cancelled', 'no_show')),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at > starts_at),
  purpose TEXT,
  project_id TEXT,
  note TEXT,
  created_by TEXT NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  checked_in_at INTEGER,
  expires_at INTEGER,
  -- The object does not know this row: kept, shown to staff, never deleted.
  orphan INTEGER NOT NULL DEFAULT 0 CHECK (orphan IN (0, 1)),
  -- When this state was written here, by the host's clock.
  projected_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
-- One index per declared filter set; a filter left out fans out over the eight statuses, so rows read stay bounded by the page.
CREATE INDEX reservations_by_start ON reservations (makerspace_id, starts_at, id);
CREATE INDEX reservations_by_status ON reservations (makerspace_id, status, starts_at, id);
CREATE INDEX reservations_by_equipment ON reservations (makerspace_id, equipment_id, status, starts_at, id);
CREATE INDEX reservations_by_member ON reservations (makerspace_id, member_id, status, starts_at, id);
CREATE INDEX reservations_by_member_and_equipment ON reservations (makerspace_id, member_id, equipment_id, status, starts_at, id);
-- By when a row came here, not by when the object changed it: a reader that goes on from the last one misses nothing.
CREATE INDEX reservations_by_update ON reservations (makerspace_id, projected_at, id);

CREATE TABLE sessions (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  reservation_id TEXT,
  project_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('active', 'completed')),
  started_at INTEGER NOT NULL,
  planned_end_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_by TEXT,
  overrun_at INTEGER,
  collides_with TEXT,
  job_successful INTEGER CHECK (job_successful IS NULL OR job_successful IN (0, 1)),
  output_quality TEXT CHECK (output_quality IS NULL OR output_quality IN ('excellent', 'good', 'fair', 'poor')),
  notes TEXT,
  orphan INTEGER NOT NULL DEFAULT 0 CHECK (orphan IN (0, 1)),
  projected_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_start ON sessions (makerspace_id, started_at, id);
CREATE INDEX sessions_by_equipment ON sessions (makerspace_id, equipment_id, status, started_at, id);
CREATE INDEX sessions_by_member ON sessions (makerspace_id, member_id, status, started_at, id);
CREATE INDEX sessions_by_member_and_equipment ON sessions (makerspace_id, member_id, equipment_id, status, started_at, id);
CREATE INDEX sessions_by_status ON sessions (makerspace_id, status, started_at, id);

-- How far the events of each object have come; an event is inserted only past this, in the same batch.
CREATE TABLE projection_cursors (
  makerspace_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- Completed sessions and the milliseconds they took, ever.
  use_count INTEGER NOT NULL DEFAULT 0 CHECK (use_count >= 0),
  use_ms INTEGER NOT NULL DEFAULT 0 CHECK (use_ms >= 0),
  PRIMARY KEY (makerspace_id, equipment_id)
) STRICT, WITHOUT ROWID;
