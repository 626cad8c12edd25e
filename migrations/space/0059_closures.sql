-- Days on which the makerspace, or one machine, is closed or open at other hours: the objects have them with the opening hours.
CREATE TABLE closures (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  -- Null is the whole makerspace.
  equipment_id TEXT,
  -- Days since 1970-01-01 on the wall clock of the makerspace, both included.
  from_day INTEGER NOT NULL,
  to_day INTEGER NOT NULL CHECK (to_day >= from_day),
  -- Windows of each of these days; none: closed.
  windows TEXT NOT NULL CHECK (json_valid(windows)),
  title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  external_id TEXT,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX closures_by_day ON closures (makerspace_id, from_day, id);
CREATE INDEX closures_by_equipment ON closures (makerspace_id, equipment_id, from_day, id);
-- What is not over: for the objects.
CREATE INDEX closures_ahead ON closures (makerspace_id, equipment_id, to_day);
CREATE UNIQUE INDEX closures_external_id ON closures (makerspace_id, external_id) WHERE external_id IS NOT NULL;

ALTER TABLE equipment ADD COLUMN opening_hours TEXT CHECK (opening_hours IS NULL OR json_valid(opening_hours));
ALTER TABLE makerspace_settings ADD COLUMN closures_version INTEGER NOT NULL DEFAULT 0;
