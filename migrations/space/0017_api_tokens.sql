-- A program's own standing in a makerspace: a role or single permissions. It belongs to the makerspace and outlives whoever made it.
CREATE TABLE service_accounts (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  description TEXT CHECK (length(description) <= 1000),
  role TEXT CHECK (role IN ('makerspace_admin', 'admin', 'user', 'service_provider')),
  -- JSON list; empty with a role.
  permissions TEXT NOT NULL CHECK (json_valid(permissions)),
  disabled_at INTEGER,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  CHECK ((role IS NULL) <> (json_array_length(permissions) = 0))
) STRICT;
CREATE UNIQUE INDEX service_accounts_name ON service_accounts (makerspace_id, name) WHERE disabled_at IS NULL;

-- Tokens for programs: of a member, whom they act as, or of a service account. The token itself is nowhere; its digest lies in the directory.
CREATE TABLE api_tokens (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  member_id TEXT,
  service_account_id TEXT,
  -- JSON list.
  permissions TEXT NOT NULL CHECK (json_valid(permissions) AND json_array_length(permissions) > 0),
  -- The end of the token, so that people can tell theirs apart.
  last4 TEXT NOT NULL CHECK (length(last4) = 4),
  expires_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  CHECK ((member_id IS NULL) <> (service_account_id IS NULL)),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  FOREIGN KEY (makerspace_id, service_account_id) REFERENCES service_accounts (makerspace_id, id)
) STRICT;
CREATE INDEX api_tokens_by_member ON api_tokens (makerspace_id, member_id, id);
CREATE INDEX api_tokens_by_account ON api_tokens (makerspace_id, service_account_id, id);
