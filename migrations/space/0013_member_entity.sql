-- Members in full: five statuses, what a member says of themselves, what staff note, and the keys that order their lists.
-- A CHECK cannot be altered; the column is replaced, so that no table that refers to members is touched.
DROP INDEX members_by_role;
DROP INDEX members_by_status;
ALTER TABLE members ADD COLUMN standing TEXT NOT NULL DEFAULT 'pending'
  CHECK (standing IN ('pending', 'active', 'suspended', 'expired', 'left'));
UPDATE members SET standing = status;
ALTER TABLE members DROP COLUMN status;
ALTER TABLE members RENAME COLUMN standing TO status;

ALTER TABLE members ADD COLUMN phone TEXT CHECK (phone IS NULL OR length(phone) BETWEEN 3 AND 40);
ALTER TABLE members ADD COLUMN bio TEXT CHECK (bio IS NULL OR length(bio) <= 2000);
ALTER TABLE members ADD COLUMN profile_image_url TEXT CHECK (profile_image_url IS NULL OR length(profile_image_url) <= 2000);
-- JSON list of words that members show each other.
ALTER TABLE members ADD COLUMN public_skills TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(public_skills));
-- Staff only.
ALTER TABLE members ADD COLUMN notes TEXT CHECK (notes IS NULL OR length(notes) <= 5000);
-- BCP 47 tag and IANA zone of the person; null as the makerspace has it.
ALTER TABLE members ADD COLUMN locale TEXT;
ALTER TABLE members ADD COLUMN timezone TEXT;
-- Zero: not yet, never. Nulls would stand outside the order of the lists.
ALTER TABLE members ADD COLUMN joined_at INTEGER NOT NULL DEFAULT 0 CHECK (joined_at >= 0);
ALTER TABLE members ADD COLUMN last_seen_at INTEGER NOT NULL DEFAULT 0 CHECK (last_seen_at >= 0);
ALTER TABLE members ADD COLUMN suspended_at INTEGER;
ALTER TABLE members ADD COLUMN suspended_by TEXT;
ALTER TABLE members ADD COLUMN left_at INTEGER;
-- Last name first, folded: what "sort=name" sorts by.
ALTER TABLE members ADD COLUMN sort_name TEXT NOT NULL DEFAULT '';
UPDATE members SET
  joined_at = CASE status WHEN 'pending' THEN 0 ELSE created_at END,
  sort_name = lower(trim(last_name || ' ' || first_name));

-- One index per declared filter and sort; a filter left out fans out over the five statuses.
CREATE INDEX members_by_status ON members (makerspace_id, status, id);
CREATE INDEX members_by_role ON members (makerspace_id, role, status, id);
CREATE INDEX members_by_status_and_name ON members (makerspace_id, status, sort_name, id);
CREATE INDEX members_by_role_and_name ON members (makerspace_id, role, status, sort_name, id);
CREATE INDEX members_by_joining ON members (makerspace_id, status, joined_at, id);
CREATE INDEX members_by_last_seen ON members (makerspace_id, status, last_seen_at, id);
CREATE INDEX members_by_update ON members (makerspace_id, updated_at, id);

-- Labels that staff give; the status goes along, so that a label and a status lead one index.
CREATE TABLE member_tags (
  makerspace_id TEXT NOT NULL,
  tag TEXT NOT NULL CHECK (length(tag) BETWEEN 1 AND 40),
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'expired', 'left')),
  member_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, tag, status, member_id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX member_tags_by_member ON member_tags (makerspace_id, member_id, tag);

-- What a search finds members by: folded names in every order, e-mail addresses from each of their parts on. A search walks one prefix.
CREATE TABLE member_terms (
  makerspace_id TEXT NOT NULL,
  -- Members search names alone, staff e-mail addresses as well.
  kind TEXT NOT NULL CHECK (kind IN ('name', 'email')),
  status TEXT NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'expired', 'left')),
  term TEXT NOT NULL,
  member_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, kind, status, term, member_id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_terms_by_member ON member_terms (makerspace_id, member_id, kind, term);
INSERT INTO member_terms (makerspace_id, kind, status, term, member_id)
  SELECT makerspace_id, 'name', status, lower(trim(first_name || ' ' || last_name)), id FROM members
  UNION SELECT makerspace_id, 'name', status, lower(trim(last_name || ' ' || first_name)), id FROM members
  UNION SELECT makerspace_id, 'email', status, email, id FROM members;

CREATE TRIGGER members_status_goes_along AFTER UPDATE OF status ON members WHEN new.status <> old.status
BEGIN
  UPDATE member_tags SET status = new.status WHERE makerspace_id = new.makerspace_id AND member_id = new.id;
  UPDATE member_terms SET status = new.status WHERE makerspace_id = new.makerspace_id AND member_id = new.id;
END;
