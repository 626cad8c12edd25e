-- What is owed for the use of machines: one row per booking or walk-up and kind, for billing to take.
CREATE TABLE charges (
  makerspace_id TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('use', 'late_cancel', 'no_show')),
  subject_type TEXT NOT NULL CHECK (subject_type IN ('reservation', 'session')),
  -- The version of the booking that says so: an older one changes nothing.
  subject_version INTEGER NOT NULL,
  equipment_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('due', 'lifted')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  price_version INTEGER NOT NULL,
  lines TEXT NOT NULL CHECK (json_valid(lines)),
  occurred_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, subject_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX charges_of_members ON charges (makerspace_id, member_id, created_at);
