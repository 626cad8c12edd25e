-- Members under age. The date of birth is kept of them alone, and goes on the day they come of age.
CREATE TABLE minors (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  -- ISO 8601 date.
  birth_date TEXT NOT NULL CHECK (birth_date GLOB '[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]'),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;

-- Who may consent for whom: another member, or a person by name. It ends, and stays for the consents that name it.
CREATE TABLE guardians (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  guardian_member_id TEXT,
  name TEXT CHECK (name IS NULL OR length(name) BETWEEN 1 AND 200),
  relation TEXT NOT NULL CHECK (length(relation) BETWEEN 1 AND 100),
  email TEXT CHECK (email IS NULL OR length(email) <= 254),
  phone TEXT CHECK (phone IS NULL OR length(phone) BETWEEN 3 AND 40),
  ended_at INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  FOREIGN KEY (makerspace_id, guardian_member_id) REFERENCES members (makerspace_id, id),
  -- Nobody is their own guardian. Of a member, name and contact are where members have theirs.
  CHECK (guardian_member_id IS NULL OR (guardian_member_id <> member_id AND name IS NULL AND email IS NULL AND phone IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX guardians_by_member ON guardians (makerspace_id, member_id, id);
CREATE UNIQUE INDEX guardians_by_guardian ON guardians (makerspace_id, guardian_member_id, member_id)
  WHERE guardian_member_id IS NOT NULL AND ended_at IS NULL;

-- Consents are acts: who, when, how, until when. They are withdrawn, never changed.
CREATE TABLE guardian_consents (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  guardian_id TEXT NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('in_app', 'on_paper')),
  -- The text that was shown, where there is one.
  agreement_id TEXT,
  number INTEGER,
  given_at INTEGER NOT NULL,
  recorded_by TEXT NOT NULL,
  -- Null: until the member comes of age.
  valid_until INTEGER,
  withdrawn_at INTEGER,
  withdrawn_by TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  FOREIGN KEY (makerspace_id, guardian_id) REFERENCES guardians (makerspace_id, id),
  FOREIGN KEY (makerspace_id, agreement_id, number) REFERENCES agreement_texts (makerspace_id, agreement_id, number),
  CHECK ((agreement_id IS NULL) = (number IS NULL)),
  CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
  CHECK (valid_until IS NULL OR valid_until > given_at),
  CHECK (recorded_by <> member_id)
) STRICT, WITHOUT ROWID;
-- Asked by every booking of a minor.
CREATE INDEX guardian_consents_by_member ON guardian_consents (makerspace_id, member_id, id);
