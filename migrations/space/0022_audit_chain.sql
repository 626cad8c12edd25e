-- The audit in four parts: facts that never change, details that may be erased, erasures, and the chain that seals them.
CREATE TABLE audit_details (
  makerspace_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  -- Random: without it nobody can guess erased details from the digest in the chain.
  salt TEXT NOT NULL CHECK (length(salt) = 32),
  before TEXT CHECK (before IS NULL OR json_valid(before)),
  after TEXT CHECK (after IS NULL OR json_valid(after)),
  PRIMARY KEY (makerspace_id, seq)
) STRICT, WITHOUT ROWID;

-- Says that details were erased, why, and which audit entry did it.
CREATE TABLE audit_erasures (
  makerspace_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  by_seq INTEGER NOT NULL CHECK (by_seq > seq),
  ground TEXT NOT NULL CHECK (length(ground) BETWEEN 1 AND 200),
  erased_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, seq)
) STRICT, WITHOUT ROWID;

-- hash = SHA-256 over prev_hash, the entry and the digest of its details: docs/adr says how, byte for byte.
CREATE TABLE audit_chain (
  makerspace_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  digest TEXT NOT NULL CHECK (length(digest) = 64),
  prev_hash TEXT NOT NULL CHECK (length(prev_hash) = 64),
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  sealed_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, seq)
) STRICT, WITHOUT ROWID;

-- Makerspaces with entries that are not in the chain yet; `seq` is the first of them.
CREATE TABLE audit_unsealed (
  makerspace_id TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO audit_details (makerspace_id, seq, salt, before, after)
  SELECT makerspace_id, seq, lower(hex(randomblob(16))), before, after FROM audit_log
  WHERE before IS NOT NULL OR after IS NOT NULL;

CREATE TABLE audit_facts (
  makerspace_id TEXT NOT NULL,
  seq INTEGER NOT NULL CHECK (seq >= 1),
  -- Unique: a retry that meets its own commit means "already done". Objects use '<equipment>:<seq>'.
  commit_id TEXT NOT NULL,
  occurred_at INTEGER NOT NULL,
  -- When the entry came here; an object's decision may have waited for the database.
  recorded_at INTEGER NOT NULL,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('member', 'tablet', 'system', 'platform', 'service')),
  actor_id TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO audit_facts (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
    subject_type, subject_id, request_id)
  SELECT makerspace_id, seq, commit_id, occurred_at, occurred_at, actor_kind, actor_id, action,
    subject_type, subject_id, request_id FROM audit_log ORDER BY makerspace_id, seq;
-- Dropping a table fires none of its triggers.
DROP TABLE audit_log;
ALTER TABLE audit_facts RENAME TO audit_log;

INSERT INTO audit_unsealed (makerspace_id, seq) SELECT makerspace_id, min(seq) FROM audit_log GROUP BY makerspace_id;

CREATE UNIQUE INDEX audit_log_commit ON audit_log (makerspace_id, commit_id);
-- One index per declared filter; each carries the order of the list.
CREATE INDEX audit_log_by_time ON audit_log (makerspace_id, occurred_at, seq);
CREATE INDEX audit_log_by_actor ON audit_log (makerspace_id, actor_id, occurred_at, seq);
CREATE INDEX audit_log_by_action ON audit_log (makerspace_id, action, occurred_at, seq);
CREATE INDEX audit_log_by_subject ON audit_log (makerspace_id, subject_type, subject_id, occurred_at, seq);

-- Whoever writes an entry cannot forget to have it sealed.
CREATE TRIGGER audit_log_is_sealed_later AFTER INSERT ON audit_log
BEGIN
  INSERT INTO audit_unsealed (makerspace_id, seq) VALUES (NEW.makerspace_id, NEW.seq) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER audit_log_is_append_only_update BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_is_append_only_delete BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_chain_is_append_only_update BEFORE UPDATE ON audit_chain
BEGIN
  SELECT RAISE(ABORT, 'audit_chain is append-only');
END;
CREATE TRIGGER audit_chain_is_append_only_delete BEFORE DELETE ON audit_chain
BEGIN
  SELECT RAISE(ABORT, 'audit_chain is append-only');
END;
-- Of two sealers at once one meets its own work done, and nothing is out of place.
CREATE TRIGGER audit_chain_is_contiguous BEFORE INSERT ON audit_chain
BEGIN
  SELECT RAISE(ABORT, 'audit_chain is contiguous') WHERE (NEW.seq, NEW.prev_hash) IS NOT (
    SELECT coalesce(max(seq), 0) + 1,
      coalesce((SELECT hash FROM audit_chain WHERE makerspace_id = NEW.makerspace_id ORDER BY seq DESC LIMIT 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
    FROM audit_chain WHERE makerspace_id = NEW.makerspace_id);
END;
CREATE TRIGGER audit_erasures_are_append_only_update BEFORE UPDATE ON audit_erasures
BEGIN
  SELECT RAISE(ABORT, 'audit_erasures is append-only');
END;
CREATE TRIGGER audit_erasures_are_append_only_delete BEFORE DELETE ON audit_erasures
BEGIN
  SELECT RAISE(ABORT, 'audit_erasures is append-only');
END;
CREATE TRIGGER audit_details_never_change BEFORE UPDATE ON audit_details
BEGIN
  SELECT RAISE(ABORT, 'audit_details never change');
END;
-- Details go when, and only when, an erasure says so.
CREATE TRIGGER audit_details_go_by_erasure BEFORE DELETE ON audit_details
BEGIN
  SELECT RAISE(ABORT, 'audit_details go by erasure') WHERE NOT EXISTS (
    SELECT 1 FROM audit_erasures WHERE makerspace_id = OLD.makerspace_id AND seq = OLD.seq);
END;
CREATE TRIGGER audit_details_stay_erased BEFORE INSERT ON audit_details
WHEN EXISTS (SELECT 1 FROM audit_erasures WHERE makerspace_id = NEW.makerspace_id AND seq = NEW.seq)
BEGIN
  SELECT RAISE(IGNORE);
END;
