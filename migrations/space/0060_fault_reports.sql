-- What members report of machines that are broken or unsafe, and what staff made of it. Photos are files.
CREATE TABLE fault_reports (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  -- Who reported it; null once they were erased.
  member_id TEXT,
  severity TEXT NOT NULL CHECK (severity IN ('minor', 'major', 'safety')),
  text TEXT NOT NULL CHECK (length(text) BETWEEN 1 AND 4000),
  status TEXT NOT NULL CHECK (status IN ('open', 'acknowledged', 'resolved', 'dismissed')),
  -- The report took the machine out of use.
  took_down INTEGER NOT NULL CHECK (took_down IN (0, 1)),
  -- What staff say to it.
  note TEXT CHECK (note IS NULL OR length(note) <= 2000),
  handled_by TEXT,
  handled_at INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id)
) STRICT;
CREATE INDEX fault_reports_by_status ON fault_reports (makerspace_id, status, severity, id);
CREATE INDEX fault_reports_by_equipment ON fault_reports (makerspace_id, equipment_id, status, severity, id);
CREATE INDEX fault_reports_by_member ON fault_reports (makerspace_id, member_id, status, severity, id);
