-- What members agree to: safety rules, waivers. The text of a version never changes; acceptances name the version.
CREATE TABLE agreements (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  -- Booking waits for it.
  required INTEGER NOT NULL CHECK (required IN (0, 1)),
  -- JSON list of machine ids that it concerns, or null for all.
  equipment_ids TEXT CHECK (equipment_ids IS NULL OR json_valid(equipment_ids)),
  archived_at INTEGER,
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  external_id TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX agreements_external_id ON agreements (makerspace_id, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE agreement_texts (
  makerspace_id TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number >= 1),
  body TEXT NOT NULL CHECK (length(body) BETWEEN 1 AND 20000),
  -- From then on acceptances of earlier texts are not enough.
  effective_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  published_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, agreement_id, number),
  FOREIGN KEY (makerspace_id, agreement_id) REFERENCES agreements (makerspace_id, id)
) STRICT;
CREATE TRIGGER agreement_texts_never_change BEFORE UPDATE ON agreement_texts
BEGIN
  SELECT RAISE(ABORT, 'agreement_texts never change');
END;

CREATE TABLE agreement_acceptances (
  makerspace_id TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  member_id TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('in_app', 'on_paper')),
  -- The member, or the staff who hold the paper.
  recorded_by TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, agreement_id, number, member_id),
  FOREIGN KEY (makerspace_id, agreement_id, number) REFERENCES agreement_texts (makerspace_id, agreement_id, number),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
-- What one member has accepted: asked by every booking.
CREATE INDEX agreement_acceptances_by_member ON agreement_acceptances (makerspace_id, member_id, agreement_id, number);
