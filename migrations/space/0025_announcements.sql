-- What staff have to say to many: to all, to those on a plan, to those who booked a machine.
CREATE TABLE announcements (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  body TEXT NOT NULL CHECK (length(body) BETWEEN 1 AND 10000),
  audience TEXT NOT NULL CHECK (audience IN ('all', 'plan', 'equipment')),
  -- The plan or the machine.
  audience_id TEXT,
  pinned INTEGER NOT NULL CHECK (pinned IN (0, 1)),
  requires_acknowledgement INTEGER NOT NULL CHECK (requires_acknowledgement IN (0, 1)),
  status TEXT NOT NULL CHECK (status IN ('draft', 'scheduled', 'published', 'expired', 'withdrawn')),
  publish_at INTEGER,
  published_at INTEGER,
  expires_at INTEGER,
  -- How many it was sent to so far.
  told INTEGER NOT NULL DEFAULT 0,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  CHECK ((audience = 'all') = (audience_id IS NULL)),
  CHECK (status <> 'scheduled' OR publish_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX announcements_by_status ON announcements (makerspace_id, status, id DESC);
CREATE INDEX announcements_for_all ON announcements (makerspace_id, status, audience, pinned DESC, id DESC);
CREATE INDEX announcements_to_publish ON announcements (publish_at, makerspace_id) WHERE status = 'scheduled';
CREATE INDEX announcements_to_expire ON announcements (expires_at, makerspace_id)
  WHERE status = 'published' AND expires_at IS NOT NULL;

-- Whom it concerns by name, and what readers did with it. Of those to all, only readers who did something have a row.
CREATE TABLE announcement_readers (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  announcement_id TEXT NOT NULL,
  acknowledged_at INTEGER,
  dismissed_at INTEGER,
  PRIMARY KEY (makerspace_id, member_id, announcement_id),
  FOREIGN KEY (makerspace_id, announcement_id) REFERENCES announcements (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX announcement_readers_by_announcement ON announcement_readers (makerspace_id, announcement_id, member_id);
