-- The one slot that is kept for a member while they choose, per category of machines. The machine's object decides; this says which one goes when
-- another is kept.
CREATE TABLE booking_holds (
  makerspace_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  category TEXT NOT NULL CHECK (category IN ('printer_3d', 'laser_cutter', 'cnc_machine', 'testing_tool', 'soldering_station', 'workstation',
                                             'hand_tool', 'measuring_tool', 'general_tool')),
  equipment_id TEXT NOT NULL,
  hold_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, member_id, category)
) STRICT, WITHOUT ROWID;
