-- Memberships decide who may do what; they are authoritative here, the directory only indexes them.
CREATE TABLE members (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  -- Null until the person with this e-mail signs in.
  user_id TEXT,
  email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  first_name TEXT NOT NULL CHECK (length(first_name) BETWEEN 1 AND 120),
  last_name TEXT NOT NULL CHECK (length(last_name) BETWEEN 0 AND 120),
  role TEXT NOT NULL CHECK (role IN ('makerspace_admin', 'admin', 'user', 'service_provider')),
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended')),
  status_reason TEXT,
  -- The member does not want to be named on tablets.
  hide_name INTEGER NOT NULL DEFAULT 0 CHECK (hide_name IN (0, 1)),
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  external_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT;
CREATE UNIQUE INDEX members_user ON members (makerspace_id, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX members_email ON members (makerspace_id, email);
CREATE UNIQUE INDEX members_external_id ON members (makerspace_id, external_id) WHERE external_id IS NOT NULL;
-- A role alone fans out over the three statuses.
CREATE INDEX members_by_role ON members (makerspace_id, role, status, id);
CREATE INDEX members_by_status ON members (makerspace_id, status, id);

-- Duties name staff work; they add permissions to a membership, optionally for some machines, with an end date.
CREATE TABLE member_duties (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  duty TEXT NOT NULL CHECK (duty IN ('desk', 'trainer', 'maintainer', 'stock_keeper', 'treasurer', 'safety')),
  -- JSON list of machine ids, or null for all.
  equipment_ids TEXT CHECK (equipment_ids IS NULL OR json_valid(equipment_ids)),
  ends_at INTEGER,
  granted_by TEXT NOT NULL,
  granted_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id, duty),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
