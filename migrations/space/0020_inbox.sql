-- Where a notification stands in its inbox. A hidden one was asked for as mail alone.
ALTER TABLE notifications ADD COLUMN state TEXT NOT NULL DEFAULT 'unread'
  CHECK (state IN ('unread', 'read', 'archived', 'hidden'));
UPDATE notifications SET state = 'read' WHERE read_at IS NOT NULL;
DROP INDEX notifications_by_member;
CREATE INDEX notifications_by_state ON notifications (makerspace_id, member_id, state, id DESC);
CREATE INDEX notifications_by_type ON notifications (makerspace_id, member_id, state, type, id DESC);

-- What a member wants to be told, and how. Members without a row have the defaults of the catalogue.
CREATE TABLE notification_preferences (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  -- Only what differs from the defaults: by category, and by type.
  choices TEXT NOT NULL CHECK (json_valid(choices)),
  -- Wall clock of the member, "22:00"; both or neither.
  quiet_from TEXT,
  quiet_to TEXT,
  digest TEXT NOT NULL CHECK (digest IN ('off', 'daily', 'weekly')),
  version INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id),
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL)),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;

-- Mail that waits for the end of quiet hours or for a digest. A row goes when its mail is ordered.
CREATE TABLE deferred_mails (
  makerspace_id TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  member_id TEXT NOT NULL,
  notification_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, due_at, member_id, notification_id),
  FOREIGN KEY (makerspace_id, notification_id) REFERENCES notifications (makerspace_id, id)
) STRICT, WITHOUT ROWID;
-- For the clockwork, which asks which makerspaces have something due.
CREATE INDEX deferred_mails_due ON deferred_mails (due_at, makerspace_id);
