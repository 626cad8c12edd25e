-- Who waits for time that is taken: on one machine, or on any of a category. What is offered is decided by the machines.
CREATE TABLE waitlist_entries (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  equipment_id TEXT,
  category TEXT CHECK (category IN ('printer_3d', 'laser_cutter', 'cnc_machine', 'testing_tool', 'soldering_station', 'workstation',
                                    'hand_tool', 'measuring_tool', 'general_tool')),
  window_starts_at INTEGER NOT NULL,
  window_ends_at INTEGER NOT NULL,
  minutes INTEGER NOT NULL CHECK (minutes > 0 AND window_ends_at - window_starts_at >= minutes * 60000),
  status TEXT NOT NULL CHECK (status IN ('waiting', 'offered', 'accepted', 'lapsed', 'left', 'expired')),
  -- The offer that it is taken off the list for, and the machine that keeps it; the times come with the machine's word.
  offer_id TEXT,
  offered_on TEXT,
  offer_starts_at INTEGER,
  offer_ends_at INTEGER,
  offer_expires_at INTEGER,
  reservation_id TEXT,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((equipment_id IS NULL) <> (category IS NULL)),
  CHECK ((status = 'waiting') = (offer_id IS NULL) OR status IN ('left', 'expired')),
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT, WITHOUT ROWID;
-- Nobody waits twice for the same.
CREATE UNIQUE INDEX waitlist_entries_open
  ON waitlist_entries (makerspace_id, member_id, coalesce(equipment_id, category), window_starts_at, window_ends_at)
  WHERE status IN ('waiting', 'offered');
CREATE INDEX waitlist_by_status ON waitlist_entries (makerspace_id, status, created_at, id);
CREATE INDEX waitlist_by_machine ON waitlist_entries (makerspace_id, equipment_id, status, created_at, id);
CREATE INDEX waitlist_by_category ON waitlist_entries (makerspace_id, category, status, created_at, id);
CREATE INDEX waitlist_by_member ON waitlist_entries (makerspace_id, member_id, status, created_at, id);
CREATE INDEX waitlist_by_member_and_machine ON waitlist_entries (makerspace_id, member_id, equipment_id, status, created_at, id);
CREATE INDEX waitlist_by_offer ON waitlist_entries (makerspace_id, offer_id) WHERE offer_id IS NOT NULL;
-- Whose window is over, in all makerspaces.
CREATE INDEX waitlist_by_end ON waitlist_entries (status, window_ends_at);
