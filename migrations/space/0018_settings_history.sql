-- Who changed which settings when. Of secrets and personal contact it says that they changed, nothing more.
CREATE TABLE settings_history (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  section TEXT NOT NULL,
  version INTEGER NOT NULL,
  changes TEXT NOT NULL CHECK (json_valid(changes)),
  actor_kind TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  changed_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX settings_history_section ON settings_history (makerspace_id, section, id);
