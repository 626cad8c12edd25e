-- Which makerspace a token of an invite belongs to. Only digests; the invite itself decides whether one still works.
CREATE TABLE invite_tokens (
  digest TEXT NOT NULL PRIMARY KEY,
  makerspace_id TEXT NOT NULL,
  invite_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX invite_tokens_expiry ON invite_tokens (expires_at);
