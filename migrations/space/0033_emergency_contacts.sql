-- Whom to call when something happens to a member. Read by the member and by those on duty, in no list and in no export of staff.
CREATE TABLE emergency_contacts (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  relation TEXT NOT NULL CHECK (length(relation) BETWEEN 1 AND 100),
  phone TEXT NOT NULL CHECK (length(phone) BETWEEN 3 AND 40),
  notes TEXT CHECK (notes IS NULL OR length(notes) <= 1000),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
