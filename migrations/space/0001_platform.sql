-- What every module stands on: audit, outbox, processed events, dead letters, idempotency keys, jobs.
-- Every table of this database leads with the makerspace, so that no reference can cross a tenant.

CREATE TABLE audit_log (
  makerspace_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  -- Unique: a retry that meets its own commit means "already done". Objects use '<equipment>:<seq>'.
  commit_id TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('member', 'tablet', 'system', 'platform')),
  actor_id TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  before TEXT CHECK (before IS NULL OR json_valid(before)),
  after TEXT CHECK (after IS NULL OR json_valid(after)),
  PRIMARY KEY (makerspace_id, seq)
) STRICT;
CREATE UNIQUE INDEX audit_log_commit ON audit_log (makerspace_id, commit_id);
CREATE INDEX audit_log_subject ON audit_log (makerspace_id, subject_type, subject_id, seq);

CREATE TRIGGER audit_log_is_append_only_update BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_is_append_only_delete BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only');
END;

-- Events on their way to the queue. The consumer deletes a row together with its effect.
CREATE TABLE outbox (
  makerspace_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  envelope TEXT NOT NULL CHECK (json_valid(envelope)),
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (makerspace_id, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_age ON outbox (created_at);

CREATE TABLE processed_events (
  makerspace_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  handler TEXT NOT NULL,
  processed_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, event_id, handler)
) STRICT, WITHOUT ROWID;
CREATE INDEX processed_events_age ON processed_events (processed_at);

CREATE TABLE dead_letters (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  envelope TEXT NOT NULL CHECK (json_valid(envelope)),
  status TEXT NOT NULL CHECK (status IN ('parked', 'replayed')),
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  makerspace_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

CREATE TABLE jobs (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  input TEXT NOT NULL CHECK (json_valid(input)),
  done INTEGER NOT NULL DEFAULT 0 CHECK (done >= 0),
  total INTEGER CHECK (total IS NULL OR total >= 0),
  result TEXT CHECK (result IS NULL OR json_valid(result)),
  problem TEXT CHECK (problem IS NULL OR json_valid(problem)),
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;
