-- Which makerspace an API token belongs to: only its digest is kept. What it may do lies in the makerspace's own database.
CREATE TABLE api_token_index (
  digest TEXT NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
  makerspace_id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_token_index_token ON api_token_index (token_id);
CREATE INDEX api_token_index_expiry ON api_token_index (expires_at);
