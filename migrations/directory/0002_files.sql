-- Objects in the bucket that are kept for a while only. The row is written before the object, so that none is ever forgotten.
CREATE TABLE expiring_files (
  key TEXT NOT NULL PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX expiring_files_expiry ON expiring_files (expires_at);

-- Links that anybody may open who holds them, until they end. Only a digest of the token is kept.
CREATE TABLE file_links (
  digest TEXT NOT NULL PRIMARY KEY,
  key TEXT NOT NULL,
  filename TEXT NOT NULL CHECK (length(filename) BETWEEN 1 AND 200),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX file_links_expiry ON file_links (expires_at);
CREATE INDEX file_links_by_key ON file_links (key);
