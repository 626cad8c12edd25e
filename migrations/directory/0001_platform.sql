-- Platform tables: who exists, who belongs where, which database a makerspace lives in, which tokens are dead.
CREATE TABLE makerspaces (
  id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL,
  shard TEXT NOT NULL,
  location_hint TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX makerspaces_slug ON makerspaces (slug);

CREATE TABLE principals (
  user_id TEXT NOT NULL PRIMARY KEY,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT,
  name TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An index only: the memberships in the makerspace's own database decide.
CREATE TABLE membership_index (
  user_id TEXT NOT NULL,
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  PRIMARY KEY (user_id, makerspace_id)
) STRICT, WITHOUT ROWID;

-- Tokens that no longer count: one token (jti), one sign-in (sid), or everything of a person issued before `not_before`.
CREATE TABLE denylist (
  kind TEXT NOT NULL CHECK (kind IN ('jti', 'sid', 'sub')),
  value TEXT NOT NULL,
  not_before INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX denylist_expiry ON denylist (expires_at);

-- One-time pairing codes of tablets: only the digest is kept; taking the row is using the code.
CREATE TABLE pairing_codes (
  digest TEXT NOT NULL PRIMARY KEY,
  makerspace_id TEXT NOT NULL,
  tablet_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pairing_codes_expiry ON pairing_codes (expires_at);

-- Platform writes that carried an Idempotency-Key.
CREATE TABLE platform_idempotency_keys (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_idempotency_keys_expiry ON platform_idempotency_keys (expires_at);

-- Keys of the development issuer; empty in production, where the issuer cannot be switched on.
CREATE TABLE dev_issuer_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  private_jwk TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  signs_from INTEGER NOT NULL,
  retires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
