-- What integrators keep with a reservation, and the ids they know it by.
ALTER TABLE reservations ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata));
ALTER TABLE reservations ADD COLUMN external_id TEXT;
CREATE INDEX reservations_by_external_id ON reservations (makerspace_id, external_id) WHERE external_id IS NOT NULL;

-- Machines decide by themselves, so an external_id is claimed here before a machine is asked: one reservation of the makerspace has it.
CREATE TABLE reservation_external_ids (
  makerspace_id TEXT NOT NULL,
  external_id TEXT NOT NULL CHECK (length(external_id) BETWEEN 1 AND 200),
  reservation_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  -- Of the request: one that is repeated finds its own claim. Null when it came without a key.
  claimed_by TEXT,
  claimed_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, external_id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT, WITHOUT ROWID;
