-- Data protection: who asked to be erased, how far it has come, and what is kept afterwards, why and until when.
ALTER TABLE members ADD COLUMN erased_at INTEGER CHECK (erased_at IS NULL OR (status = 'left' AND user_id IS NULL));

-- Whoever erases somebody finds the records that were merged into theirs.
CREATE INDEX members_merged_into ON members (makerspace_id, merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE erasures (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'running', 'done', 'withdrawn')),
  requested_by TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  -- It begins then; until then it can be withdrawn.
  due_at INTEGER NOT NULL,
  job_id TEXT,
  -- How far the job has come: a step, and a place in it.
  step INTEGER NOT NULL DEFAULT 0 CHECK (step >= 0),
  place TEXT NOT NULL DEFAULT '',
  done_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  CHECK ((status = 'done') = (done_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_due ON erasures (due_at, makerspace_id) WHERE status IN ('waiting', 'running');
CREATE INDEX erasures_by_status ON erasures (makerspace_id, status, member_id);

CREATE TABLE erasure_keeps (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  -- The table whose rows are kept.
  data TEXT NOT NULL,
  ground TEXT NOT NULL,
  -- Null where what is left is nobody's any more.
  keep_until INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (makerspace_id, member_id, data),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES erasures (makerspace_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_keeps_due ON erasure_keeps (keep_until, makerspace_id) WHERE ended_at IS NULL AND keep_until IS NOT NULL;

-- Who was erased stays nobody.
CREATE TRIGGER members_stay_erased BEFORE UPDATE ON members WHEN OLD.erased_at IS NOT NULL AND (
  NEW.erased_at IS NOT OLD.erased_at OR NEW.user_id IS NOT NULL OR NEW.status <> 'left' OR NEW.email <> OLD.email
  OR NEW.first_name <> OLD.first_name OR NEW.last_name <> OLD.last_name OR NEW.phone IS NOT NULL OR NEW.bio IS NOT NULL
  OR NEW.notes IS NOT NULL OR NEW.metadata <> '{}' OR NEW.external_id IS NOT NULL)
BEGIN
  SELECT RAISE(ABORT, 'who was erased stays nobody');
END;

-- Memberships go when, and only when, the time for which an erasure keeps them is over.
DROP TRIGGER memberships_are_kept;
CREATE TRIGGER memberships_are_kept BEFORE DELETE ON memberships
WHEN NOT EXISTS (
  SELECT 1 FROM erasure_keeps WHERE makerspace_id = OLD.makerspace_id AND member_id = OLD.member_id AND data = 'memberships'
    AND ended_at IS NOT NULL)
BEGIN
  SELECT RAISE(ABORT, 'memberships are kept');
END;
