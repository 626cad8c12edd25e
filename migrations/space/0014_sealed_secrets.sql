-- Secrets of other services and of webhooks, sealed with AES-GCM under a key that this database does not hold.
CREATE TABLE sealed_secrets (
  makerspace_id TEXT NOT NULL,
  -- What it belongs to, and its name there: both are bound into the seal, as is the makerspace.
  place TEXT NOT NULL CHECK (length(place) BETWEEN 1 AND 40),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  key_id TEXT NOT NULL,
  -- Nonce and ciphertext, base64url.
  sealed TEXT NOT NULL,
  -- The last four characters, where people may see them.
  hint TEXT CHECK (hint IS NULL OR length(hint) = 4),
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, place, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_secrets_key ON sealed_secrets (key_id, makerspace_id);
