-- Guests: who comes for one day at the invitation of a member. Each visit is a pass of the host's plan.
CREATE TABLE guest_visits (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  host_member_id TEXT NOT NULL,
  -- Erased some time after the visit; the visit itself stays and counts on.
  name TEXT CHECK (length(name) BETWEEN 1 AND 120),
  -- The local date, and where that day began and ended on the makerspace's clock.
  visit_on TEXT NOT NULL CHECK (length(visit_on) = 10),
  day_from INTEGER NOT NULL,
  day_to INTEGER NOT NULL CHECK (day_to > day_from),
  status TEXT NOT NULL CHECK (status IN ('expected', 'arrived', 'departed', 'cancelled', 'no_show')),
  -- It uses up a pass of the host's plan.
  counted INTEGER NOT NULL CHECK (counted IN (0, 1)),
  -- When the clockwork looks at it again: when the day is over, and when the name is to be erased; null after that.
  due_at INTEGER,
  arrived_at INTEGER,
  departed_at INTEGER,
  invited_by TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, host_member_id) REFERENCES members (makerspace_id, id),
  CHECK ((status IN ('arrived', 'departed')) = (arrived_at IS NOT NULL)),
  CHECK ((status = 'departed') = (departed_at IS NOT NULL))
) STRICT;
-- One index per declared filter and sort; a status left out fans out over the five.
CREATE INDEX guest_visits_by_day ON guest_visits (makerspace_id, status, visit_on, id);
CREATE INDEX guest_visits_by_host ON guest_visits (makerspace_id, host_member_id, visit_on, id);
-- What a plan counts.
CREATE INDEX guest_visits_counted ON guest_visits (makerspace_id, host_member_id, day_from) WHERE counted = 1;
CREATE INDEX guest_visits_due ON guest_visits (due_at, makerspace_id) WHERE due_at IS NOT NULL;

-- Agreements that guests sign before they come in.
ALTER TABLE agreements ADD COLUMN for_guests INTEGER NOT NULL DEFAULT 0 CHECK (for_guests IN (0, 1));

-- What a guest has signed for a visit, and who of the staff was there.
CREATE TABLE guest_waivers (
  makerspace_id TEXT NOT NULL,
  visit_id TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  method TEXT NOT NULL CHECK (method IN ('on_screen', 'on_paper')),
  recorded_by TEXT NOT NULL,
  PRIMARY KEY (makerspace_id, visit_id, agreement_id, number),
  FOREIGN KEY (makerspace_id, visit_id) REFERENCES guest_visits (makerspace_id, id),
  FOREIGN KEY (makerspace_id, agreement_id, number) REFERENCES agreement_texts (makerspace_id, agreement_id, number)
) STRICT, WITHOUT ROWID;
