-- Families and companies: members for whom one of them pays.
CREATE TABLE billing_groups (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('family', 'company')),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  status TEXT NOT NULL CHECK (status IN ('active', 'dissolved')),
  -- One of its members, for as long as there is the group.
  payer_member_id TEXT,
  dissolved_at INTEGER,
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  external_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, payer_member_id) REFERENCES members (makerspace_id, id),
  CHECK ((status = 'active') = (payer_member_id IS NOT NULL)),
  CHECK ((status = 'dissolved') = (dissolved_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX billing_groups_external_id ON billing_groups (makerspace_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX billing_groups_payer ON billing_groups (makerspace_id, payer_member_id) WHERE payer_member_id IS NOT NULL;
-- A kind alone fans out over the two statuses.
CREATE INDEX billing_groups_by_status ON billing_groups (makerspace_id, status, id);
CREATE INDEX billing_groups_by_kind ON billing_groups (makerspace_id, kind, status, id);

-- Who is in which: one group per member, whoever races.
CREATE TABLE billing_group_members (
  makerspace_id TEXT NOT NULL,
  group_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id),
  FOREIGN KEY (makerspace_id, group_id) REFERENCES billing_groups (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX billing_group_members_by_group ON billing_group_members (makerspace_id, group_id, member_id);

-- The payer is in it, from the beginning to the end; somebody else takes over first, and is in it then.
CREATE TRIGGER billing_groups_begin_with_their_payer AFTER INSERT ON billing_groups
BEGIN
  INSERT INTO billing_group_members (makerspace_id, group_id, member_id, added_at)
    VALUES (NEW.makerspace_id, NEW.id, NEW.payer_member_id, NEW.created_at);
END;
CREATE TRIGGER billing_groups_hold_their_payer BEFORE UPDATE OF payer_member_id ON billing_groups
WHEN NEW.payer_member_id IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM billing_group_members
  WHERE makerspace_id = NEW.makerspace_id AND member_id = NEW.payer_member_id AND group_id = NEW.id)
BEGIN
  SELECT RAISE(ABORT, 'expect:not_in_group');
END;
CREATE TRIGGER billing_groups_keep_their_payer BEFORE DELETE ON billing_group_members
WHEN EXISTS (
  SELECT 1 FROM billing_groups
  WHERE makerspace_id = OLD.makerspace_id AND payer_member_id = OLD.member_id AND id = OLD.group_id)
BEGIN
  SELECT RAISE(ABORT, 'expect:payer_of_group');
END;

-- Who leaves the makerspace leaves their group; the payer of others cannot, and a payer alone takes the group along.
CREATE TRIGGER members_leave_their_group AFTER UPDATE OF status ON members WHEN NEW.status = 'left' AND OLD.status <> 'left'
BEGIN
  SELECT RAISE(ABORT, 'expect:payer_of_group') FROM billing_groups g
  WHERE g.makerspace_id = NEW.makerspace_id AND g.payer_member_id = NEW.id AND EXISTS (
    SELECT 1 FROM billing_group_members other
    WHERE other.makerspace_id = g.makerspace_id AND other.group_id = g.id AND other.member_id <> NEW.id);
  UPDATE billing_groups SET status = 'dissolved', payer_member_id = NULL, dissolved_at = NEW.updated_at,
    updated_at = NEW.updated_at, version = version + 1
  WHERE makerspace_id = NEW.makerspace_id AND payer_member_id = NEW.id;
  DELETE FROM billing_group_members WHERE makerspace_id = NEW.makerspace_id AND member_id = NEW.id;
END;

-- Who pays what a membership costs, as it was when it fell due; null for the member themselves.
ALTER TABLE membership_transactions ADD COLUMN payer_member_id TEXT;
CREATE INDEX membership_transactions_by_payer ON membership_transactions (makerspace_id, payer_member_id, created_at, id)
  WHERE payer_member_id IS NOT NULL;

-- Plans for families, or for companies: on them are members of such a group alone.
ALTER TABLE plans ADD COLUMN group_kind TEXT CHECK (group_kind IN ('family', 'company'));
CREATE TRIGGER memberships_ask_for_a_group BEFORE INSERT ON memberships
WHEN NEW.status IN ('pending', 'active', 'paused') AND EXISTS (
  SELECT 1 FROM plans p WHERE p.makerspace_id = NEW.makerspace_id AND p.id = NEW.plan_id AND p.group_kind IS NOT NULL
    AND NOT EXISTS (
      SELECT 1 FROM billing_group_members m
      JOIN billing_groups g ON g.makerspace_id = m.makerspace_id AND g.id = m.group_id
      WHERE m.makerspace_id = NEW.makerspace_id AND m.member_id = NEW.member_id AND g.kind = p.group_kind))
BEGIN
  SELECT RAISE(ABORT, 'expect:group_required');
END;
-- The same for who is let in later, and for who goes on for another period.
CREATE TRIGGER memberships_ask_for_a_group_again BEFORE UPDATE OF status, ends_at ON memberships
WHEN NEW.status = 'active' AND (OLD.status NOT IN ('active', 'paused') OR (OLD.status = 'active' AND NEW.ends_at > OLD.ends_at))
  AND EXISTS (
  SELECT 1 FROM plans p WHERE p.makerspace_id = NEW.makerspace_id AND p.id = NEW.plan_id AND p.group_kind IS NOT NULL
    AND NOT EXISTS (
      SELECT 1 FROM billing_group_members m
      JOIN billing_groups g ON g.makerspace_id = m.makerspace_id AND g.id = m.group_id
      WHERE m.makerspace_id = NEW.makerspace_id AND m.member_id = NEW.member_id AND g.kind = p.group_kind))
BEGIN
  SELECT RAISE(ABORT, 'expect:group_required');
END;
