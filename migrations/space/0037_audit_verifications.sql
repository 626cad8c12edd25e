-- How far each chain was verified by night, and what was found. A long chain takes several nights.
CREATE TABLE audit_verifications (
  makerspace_id TEXT NOT NULL PRIMARY KEY,
  -- The pass from the first link on that is at work, or was the last one.
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  -- Where it goes on; NULL when it reached the end or a break.
  next_from_seq INTEGER,
  verified_through INTEGER NOT NULL,
  -- The night whose messages are at work, and how many links they have looked at.
  night INTEGER NOT NULL,
  night_checked INTEGER NOT NULL,
  -- The first broken link.
  broken_kind TEXT,
  broken_seq INTEGER,
  CHECK ((next_from_seq IS NULL) = (finished_at IS NOT NULL)),
  CHECK ((broken_kind IS NULL) = (broken_seq IS NULL))
) STRICT, WITHOUT ROWID;
