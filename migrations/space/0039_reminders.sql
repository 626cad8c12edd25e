-- Who was reminded of what: a booking that starts, a session that ends. The moment is part of it, so that what is moved is told anew.
CREATE TABLE reminders (
  makerspace_id TEXT NOT NULL,
  moment INTEGER NOT NULL,
  subject_id TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, moment, subject_id)
) STRICT, WITHOUT ROWID;
-- For the clockwork, which asks each minute in which makerspaces somebody is to be reminded.
CREATE INDEX reservations_ahead ON reservations (starts_at, makerspace_id) WHERE status = 'approved' AND orphan = 0;
CREATE INDEX sessions_ending ON sessions (planned_end_at, makerspace_id) WHERE status = 'active' AND orphan = 0;
