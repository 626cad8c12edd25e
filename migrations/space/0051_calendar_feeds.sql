-- iCalendar feeds. The address is nowhere; its digest opens the feed, which shows what its member may see when it is read.
CREATE TABLE calendar_feeds (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  scope TEXT NOT NULL CHECK (scope IN ('mine', 'equipment', 'makerspace')),
  equipment_id TEXT,
  digest TEXT NOT NULL CHECK (length(digest) = 64),
  revoked_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  CHECK ((scope = 'equipment') = (equipment_id IS NOT NULL)),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT;
CREATE UNIQUE INDEX calendar_feeds_by_digest ON calendar_feeds (makerspace_id, digest);
CREATE INDEX calendar_feeds_by_member ON calendar_feeds (makerspace_id, member_id, id);
CREATE TRIGGER calendar_feeds_are_few BEFORE INSERT ON calendar_feeds
WHEN (SELECT count(*) FROM calendar_feeds
  WHERE makerspace_id = NEW.makerspace_id AND member_id = NEW.member_id AND revoked_at IS NULL) >= 20
BEGIN
  SELECT RAISE(ABORT, 'expect:too_many_calendar_feeds');
END;
