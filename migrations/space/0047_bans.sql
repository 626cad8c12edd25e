-- Who is not admitted: keyed hashes, made with a secret of the makerspace that lies sealed. Nobody can be read out of them.
CREATE TABLE bans (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  -- HMAC-SHA-256 of the address and, where it was known, of the user.
  email_digest TEXT NOT NULL CHECK (length(email_digest) = 64),
  user_digest TEXT CHECK (user_digest IS NULL OR length(user_digest) = 64),
  reason_code TEXT NOT NULL CHECK (reason_code IN ('safety', 'conduct', 'theft', 'damage', 'payment', 'other')),
  -- Null without end; a row whose time is over goes.
  until INTEGER,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX bans_email ON bans (makerspace_id, email_digest);
CREATE INDEX bans_user ON bans (makerspace_id, user_digest) WHERE user_digest IS NOT NULL;
CREATE INDEX bans_until ON bans (until) WHERE until IS NOT NULL;
