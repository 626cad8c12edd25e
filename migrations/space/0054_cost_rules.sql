-- What a time on a machine costs. What a rule of a type needs is said in the contract; here is what must hold of all.
CREATE TABLE cost_rules (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  name TEXT CHECK (name IS NULL OR length(name) BETWEEN 1 AND 120),
  status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
  rule_type TEXT NOT NULL CHECK (rule_type IN ('flat', 'hourly', 'tiered', 'time_of_day', 'weekday', 'plan', 'skill', 'minimum', 'maximum', 'deposit')),
  priority INTEGER NOT NULL CHECK (priority BETWEEN -1000 AND 1000),
  -- In the smallest unit; null of a percentage.
  amount_minor INTEGER CHECK (amount_minor BETWEEN 0 AND 1000000000000),
  currency TEXT CHECK (length(currency) = 3),
  percent INTEGER CHECK (percent BETWEEN -100 AND 1000),
  tiers TEXT NOT NULL CHECK (json_valid(tiers)),
  hours TEXT CHECK (json_valid(hours)),
  weekdays TEXT CHECK (json_valid(weekdays)),
  plan_ids TEXT CHECK (json_valid(plan_ids)),
  skill_id TEXT,
  min_level TEXT CHECK (min_level IN ('beginner', 'intermediate', 'advanced', 'expert')),
  member_ids TEXT CHECK (json_valid(member_ids)),
  project_ids TEXT CHECK (json_valid(project_ids)),
  valid_from INTEGER,
  valid_to INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id),
  FOREIGN KEY (makerspace_id, skill_id) REFERENCES skills (makerspace_id, id),
  CHECK ((amount_minor IS NULL) <> (percent IS NULL)),
  CHECK ((amount_minor IS NULL) = (currency IS NULL)),
  CHECK (valid_from IS NULL OR valid_to IS NULL OR valid_from < valid_to)
) STRICT;
CREATE INDEX cost_rules_by_machine ON cost_rules (makerspace_id, equipment_id, status, created_at, id);
-- What a booking looks up of its person.
CREATE INDEX cost_rules_of_skills ON cost_rules (makerspace_id, equipment_id, skill_id) WHERE status = 'active' AND skill_id IS NOT NULL;

-- A booking reads all rules of its machine at once.
CREATE TRIGGER cost_rules_are_few BEFORE INSERT ON cost_rules
WHEN (SELECT count(*) FROM cost_rules WHERE makerspace_id = NEW.makerspace_id AND equipment_id = NEW.equipment_id AND status = 'active') >= 100
BEGIN
  SELECT RAISE(ABORT, 'expect:too_many_cost_rules');
END;

-- All rules of a machine as they were at one time. Bookings name a version; none is ever changed.
CREATE TABLE price_versions (
  makerspace_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body)),
  created_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, equipment_id, version),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER price_versions_stay BEFORE UPDATE ON price_versions BEGIN
  SELECT RAISE(ABORT, 'a version of a price is never changed');
END;

-- Machines that have a price already begin with a version of it.
INSERT INTO price_versions (makerspace_id, equipment_id, version, body, created_at)
  SELECT makerspace_id, id, 1,
    json_object('currency', currency, 'hourly_rate_minor', hourly_rate_minor, 'deposit_minor', deposit_minor, 'rules', json('[]')), updated_at
  FROM equipment WHERE currency IS NOT NULL AND (hourly_rate_minor IS NOT NULL OR deposit_minor IS NOT NULL);
