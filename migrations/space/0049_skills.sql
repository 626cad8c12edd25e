-- What people can learn here, who may do it, and what machines ask for.
CREATE TABLE skills (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  -- The name as it is compared: two skills of a makerspace never look alike.
  name_key TEXT NOT NULL,
  category TEXT NOT NULL CHECK (length(category) BETWEEN 1 AND 60),
  description TEXT CHECK (description IS NULL OR length(description) <= 4000),
  status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
  -- A certification counts once a second person has signed it.
  high_risk INTEGER NOT NULL CHECK (high_risk IN (0, 1)),
  -- Certifications end after this; null for never.
  validity_months INTEGER CHECK (validity_months BETWEEN 1 AND 240),
  -- Certifications end after so many days without use of a machine of the skill; null for never.
  disuse_days INTEGER CHECK (disuse_days BETWEEN 1 AND 3650),
  -- Their holders are warned so many days before they end; 0 for not at all.
  warning_days INTEGER NOT NULL CHECK (warning_days BETWEEN 0 AND 365),
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  external_id TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT;
CREATE UNIQUE INDEX skills_name ON skills (makerspace_id, name_key);
CREATE UNIQUE INDEX skills_external_id ON skills (makerspace_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX skills_by_name ON skills (makerspace_id, status, name_key, id);
CREATE INDEX skills_by_age ON skills (makerspace_id, status, created_at, id);
CREATE INDEX skills_by_category ON skills (makerspace_id, category, status, name_key, id);
CREATE INDEX skills_by_category_and_age ON skills (makerspace_id, category, status, created_at, id);

-- A graph without cycles: the commit that writes an edge walks it once more.
CREATE TABLE skill_prerequisites (
  makerspace_id TEXT NOT NULL,
  skill_id TEXT NOT NULL,
  prerequisite_id TEXT NOT NULL CHECK (prerequisite_id <> skill_id),
  PRIMARY KEY (makerspace_id, skill_id, prerequisite_id),
  FOREIGN KEY (makerspace_id, skill_id) REFERENCES skills (makerspace_id, id),
  FOREIGN KEY (makerspace_id, prerequisite_id) REFERENCES skills (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX skill_prerequisites_of ON skill_prerequisites (makerspace_id, prerequisite_id, skill_id);

-- Who certifies a skill, of those whose duty it is; without a row all of them.
CREATE TABLE skill_trainers (
  makerspace_id TEXT NOT NULL,
  skill_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, skill_id, member_id),
  FOREIGN KEY (makerspace_id, skill_id) REFERENCES skills (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX skill_trainers_by_member ON skill_trainers (makerspace_id, member_id, skill_id);

CREATE TABLE certifications (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  skill_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('beginner', 'intermediate', 'advanced', 'expert')),
  status TEXT NOT NULL CHECK (status IN ('awaiting_cosign', 'certified', 'expired', 'revoked', 'superseded')),
  certified_at INTEGER NOT NULL,
  -- Nobody certifies themselves, and a second person is somebody else.
  certified_by TEXT NOT NULL CHECK (certified_by <> member_id),
  cosigned_at INTEGER,
  cosigned_by TEXT CHECK (cosigned_by IS NULL OR cosigned_by NOT IN (member_id, certified_by)),
  expires_at INTEGER,
  -- The last use of a machine of the skill.
  last_used_at INTEGER,
  -- When the clockwork has to look at it; null when it never has to.
  due_at INTEGER,
  -- The end that its holder was warned of.
  warned_of INTEGER,
  ended_at INTEGER,
  ended_by TEXT,
  ended_because TEXT CHECK (ended_because IS NULL OR ended_because IN ('date', 'disuse', 'revoked', 'superseded')),
  reason TEXT CHECK (reason IS NULL OR length(reason) <= 1000),
  quiz_score INTEGER CHECK (quiz_score BETWEEN 0 AND 100),
  evidence TEXT CHECK (evidence IS NULL OR length(evidence) <= 1000),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, skill_id) REFERENCES skills (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT;
-- One in force, and one that waits for it, per skill and member.
CREATE UNIQUE INDEX certifications_in_force ON certifications (makerspace_id, member_id, skill_id) WHERE status = 'certified';
CREATE UNIQUE INDEX certifications_awaiting ON certifications (makerspace_id, member_id, skill_id) WHERE status = 'awaiting_cosign';
CREATE INDEX certifications_by_status ON certifications (makerspace_id, status, id);
CREATE INDEX certifications_by_member ON certifications (makerspace_id, member_id, status, id);
CREATE INDEX certifications_by_skill ON certifications (makerspace_id, skill_id, status, id);
CREATE INDEX certifications_by_member_and_skill ON certifications (makerspace_id, member_id, skill_id, status, id);
CREATE INDEX certifications_due ON certifications (due_at, makerspace_id) WHERE due_at IS NOT NULL;

CREATE TABLE skill_requests (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  skill_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'approved', 'rejected', 'withdrawn')),
  message TEXT CHECK (message IS NULL OR length(message) <= 1000),
  decided_by TEXT,
  decided_at INTEGER,
  note TEXT CHECK (note IS NULL OR length(note) <= 1000),
  certification_id TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, skill_id) REFERENCES skills (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT;
CREATE UNIQUE INDEX skill_requests_open ON skill_requests (makerspace_id, member_id, skill_id) WHERE status = 'open';
CREATE INDEX skill_requests_by_status ON skill_requests (makerspace_id, status, id);
CREATE INDEX skill_requests_by_member ON skill_requests (makerspace_id, member_id, status, id);
CREATE INDEX skill_requests_by_skill ON skill_requests (makerspace_id, skill_id, status, id);
CREATE INDEX skill_requests_by_member_and_skill ON skill_requests (makerspace_id, member_id, skill_id, status, id);

CREATE TABLE skill_requirements (
  makerspace_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  enforcement TEXT NOT NULL CHECK (enforcement IN ('block', 'warn')),
  grace_days INTEGER NOT NULL CHECK (grace_days BETWEEN 0 AND 365),
  -- JSON: [{mode, skills: [{skill_id, min_level}]}]
  groups TEXT NOT NULL CHECK (json_valid(groups)),
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, equipment_id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT;

-- The skills that stand in the groups of a machine.
CREATE TABLE skill_requirement_skills (
  makerspace_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  skill_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, equipment_id, skill_id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES skill_requirements (makerspace_id, equipment_id),
  FOREIGN KEY (makerspace_id, skill_id) REFERENCES skills (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX skill_requirement_skills_of ON skill_requirement_skills (makerspace_id, skill_id, equipment_id);
