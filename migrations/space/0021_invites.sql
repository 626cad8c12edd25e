-- Invitations. The token exists in the mail alone; here lies its SHA-256, and accepting is one statement that needs it.
CREATE TABLE invites (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  role TEXT NOT NULL CHECK (role IN ('makerspace_admin', 'admin', 'user', 'service_provider')),
  -- JSON list of duties with their machines and ends.
  duties TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(duties)),
  plan_id TEXT,
  message TEXT CHECK (length(message) BETWEEN 1 AND 2000),
  first_name TEXT CHECK (length(first_name) BETWEEN 1 AND 120),
  last_name TEXT CHECK (length(last_name) BETWEEN 0 AND 120),
  status TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'cancelled', 'expired')),
  -- Null until the mail is made, and from the moment on when it is to be made again.
  token_digest TEXT,
  -- The reminder has a token of its own, so that the first mail goes on working.
  reminder_digest TEXT,
  expires_at INTEGER NOT NULL,
  invited_by TEXT NOT NULL,
  mailed_at INTEGER,
  reminded_at INTEGER,
  accepted_at INTEGER,
  member_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, plan_id) REFERENCES plans (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  CHECK ((status = 'accepted') = (accepted_at IS NOT NULL AND member_id IS NOT NULL)),
  CHECK (status = 'pending' OR (token_digest IS NULL AND reminder_digest IS NULL))
) STRICT;
-- One open invite per address, whoever races.
CREATE UNIQUE INDEX invites_open ON invites (makerspace_id, email) WHERE status = 'pending';
-- One index per declared filter; an address alone fans out over the four statuses.
CREATE INDEX invites_by_status ON invites (makerspace_id, status, id);
CREATE INDEX invites_by_email ON invites (makerspace_id, email, status, id);
-- The clockwork finds the makerspaces with something due.
CREATE INDEX invites_due ON invites (expires_at, makerspace_id) WHERE status = 'pending';
