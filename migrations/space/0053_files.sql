-- Files of all modules: announced, received, looked through, and then attached to what they belong to. Their bytes lie in the store.
CREATE TABLE files (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  -- Null once whoever uploaded it was erased.
  uploader_id TEXT,
  -- What it is for: it is attached to nothing else.
  purpose TEXT NOT NULL CHECK (length(purpose) BETWEEN 1 AND 40),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 150),
  status TEXT NOT NULL CHECK (status IN ('pending', 'receiving', 'quarantined', 'ready', 'rejected', 'lost')),
  reason TEXT CHECK ((reason IS NOT NULL) = (status = 'rejected')),
  announced_type TEXT,
  content_type TEXT CHECK (status <> 'ready' OR content_type IS NOT NULL),
  -- Bytes: as announced, and then as stored.
  size INTEGER NOT NULL CHECK (size > 0),
  -- Bytes that count towards the quota: nothing is kept of what was rejected.
  counted INTEGER NOT NULL CHECK (counted >= 0 AND (status <> 'rejected' OR counted = 0)),
  sha256 TEXT CHECK (sha256 IS NULL OR length(sha256) = 64),
  width INTEGER,
  height INTEGER,
  -- Bytes of the small picture beside it; null without one.
  thumbnail_size INTEGER,
  -- How often content was sent: each time under another key, so that none writes over another.
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  -- How often it was tried to look it through.
  tries INTEGER NOT NULL CHECK (tries >= 0),
  -- Which thing of its purpose has it; null while none has.
  owner_id TEXT CHECK (owner_id IS NULL OR status IN ('ready', 'lost')),
  -- When the clock looks at it: to sweep it, or to try again. Never while something has it.
  due_at INTEGER CHECK (due_at IS NULL OR owner_id IS NULL),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT;
CREATE INDEX files_by_uploader ON files (makerspace_id, uploader_id, status, id);
CREATE INDEX files_by_owner ON files (makerspace_id, purpose, owner_id, id) WHERE owner_id IS NOT NULL;
CREATE INDEX files_due ON files (due_at, makerspace_id) WHERE due_at IS NOT NULL;
CREATE INDEX files_due_here ON files (makerspace_id, status, due_at) WHERE due_at IS NOT NULL;

-- Bytes by uploader, and under '' those of the whole makerspace. Only these triggers write it, so it is what the rows add up to.
CREATE TABLE file_usage (
  makerspace_id TEXT NOT NULL,
  uploader_id TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  PRIMARY KEY (makerspace_id, uploader_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER files_counted_in AFTER INSERT ON files BEGIN
  INSERT INTO file_usage (makerspace_id, uploader_id, bytes) VALUES (NEW.makerspace_id, '', NEW.counted)
    ON CONFLICT (makerspace_id, uploader_id) DO UPDATE SET bytes = bytes + excluded.bytes;
  INSERT INTO file_usage (makerspace_id, uploader_id, bytes)
    SELECT NEW.makerspace_id, NEW.uploader_id, NEW.counted WHERE NEW.uploader_id IS NOT NULL
    ON CONFLICT (makerspace_id, uploader_id) DO UPDATE SET bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER files_counted_out AFTER DELETE ON files BEGIN
  UPDATE file_usage SET bytes = bytes - OLD.counted
    WHERE makerspace_id = OLD.makerspace_id AND uploader_id IN ('', OLD.uploader_id);
END;

CREATE TRIGGER files_counted_anew AFTER UPDATE OF counted, uploader_id ON files
WHEN OLD.counted <> NEW.counted OR OLD.uploader_id IS NOT NEW.uploader_id BEGIN
  UPDATE file_usage SET bytes = bytes - OLD.counted
    WHERE makerspace_id = OLD.makerspace_id AND uploader_id IN ('', OLD.uploader_id);
  INSERT INTO file_usage (makerspace_id, uploader_id, bytes) VALUES (NEW.makerspace_id, '', NEW.counted)
    ON CONFLICT (makerspace_id, uploader_id) DO UPDATE SET bytes = bytes + excluded.bytes;
  INSERT INTO file_usage (makerspace_id, uploader_id, bytes)
    SELECT NEW.makerspace_id, NEW.uploader_id, NEW.counted WHERE NEW.uploader_id IS NOT NULL
    ON CONFLICT (makerspace_id, uploader_id) DO UPDATE SET bytes = bytes + excluded.bytes;
END;

-- Where the nightly comparison of rows and objects goes on.
CREATE TABLE file_sweeps (
  makerspace_id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('file', 'quarantine')),
  place TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
