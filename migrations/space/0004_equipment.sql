CREATE TABLE equipment (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  category TEXT NOT NULL CHECK (category IN (
    'printer_3d', 'laser_cutter', 'cnc_machine', 'testing_tool', 'soldering_station',
    'workstation', 'hand_tool', 'measuring_tool', 'general_tool')),
  sub_category TEXT,
  -- `in_use` is derived from sessions and never stored.
  status TEXT NOT NULL CHECK (status IN ('available', 'under_maintenance', 'offline')),
  location TEXT,
  owner_member_id TEXT,
  requires_certification INTEGER NOT NULL DEFAULT 0 CHECK (requires_certification IN (0, 1)),
  certification_required TEXT,
  last_maintenance_date TEXT,
  next_maintenance_date TEXT,
  maintenance_interval_hours INTEGER CHECK (maintenance_interval_hours IS NULL OR maintenance_interval_hours > 0),
  manufacturer TEXT,
  model TEXT,
  serial_number TEXT,
  purchase_date TEXT,
  warranty_expiry TEXT,
  hourly_rate_minor INTEGER CHECK (hourly_rate_minor IS NULL OR hourly_rate_minor >= 0),
  deposit_minor INTEGER CHECK (deposit_minor IS NULL OR deposit_minor >= 0),
  currency TEXT,
  description TEXT,
  specifications TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(specifications)),
  manual_url TEXT,
  image_url TEXT,
  notes TEXT,
  -- Overrides of the makerspace's booking policy, as JSON.
  policy TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(policy)),
  -- Grows with every change the object has to know.
  policy_version INTEGER NOT NULL DEFAULT 1,
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  external_id TEXT,
  retired_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, owner_member_id) REFERENCES members (makerspace_id, id)
) STRICT;
-- A retired machine keeps its code and external id, and frees them for the next.
CREATE UNIQUE INDEX equipment_code ON equipment (makerspace_id, code) WHERE retired_at IS NULL;
CREATE UNIQUE INDEX equipment_external_id ON equipment (makerspace_id, external_id)
  WHERE external_id IS NOT NULL AND retired_at IS NULL;
-- One index per declared filter set, those in use apart from those retired; a category alone fans out over the three statuses.
CREATE INDEX equipment_by_id ON equipment (makerspace_id, (retired_at IS NULL), id);
CREATE INDEX equipment_by_category ON equipment (makerspace_id, (retired_at IS NULL), category, status, id);
CREATE INDEX equipment_by_status ON equipment (makerspace_id, (retired_at IS NULL), status, id);
CREATE INDEX equipment_by_owner ON equipment (makerspace_id, owner_member_id, (retired_at IS NULL), id) WHERE owner_member_id IS NOT NULL;
CREATE INDEX equipment_by_external_id ON equipment (makerspace_id, external_id, (retired_at IS NULL), id) WHERE external_id IS NOT NULL;

-- Policy parts that still have to reach a machine's object; deleted when it has these versions or newer ones.
CREATE TABLE policy_pushes (
  makerspace_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  makerspace_version INTEGER NOT NULL,
  equipment_version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, equipment_id)
) STRICT, WITHOUT ROWID;
