-- Settings by section. A section without a row has its defaults and version 1; rows are never deleted.
CREATE TABLE settings_sections (
  makerspace_id TEXT NOT NULL,
  section TEXT NOT NULL CHECK (length(section) BETWEEN 1 AND 40),
  -- Only what differs from the defaults.
  data TEXT NOT NULL CHECK (json_valid(data)),
  version INTEGER NOT NULL CHECK (version > 1),
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, section)
) STRICT, WITHOUT ROWID;
