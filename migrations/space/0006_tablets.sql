-- Devices on the wall. Their credentials live in the floor object; here is what staff see.
CREATE TABLE tablets (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  label TEXT NOT NULL CHECK (length(label) BETWEEN 1 AND 80),
  equipment_ids TEXT NOT NULL CHECK (json_valid(equipment_ids)),
  status TEXT NOT NULL CHECK (status IN ('pairing', 'paired', 'revoked')),
  pairing_expires_at INTEGER NOT NULL,
  paired_at INTEGER,
  revoked_at INTEGER,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;
