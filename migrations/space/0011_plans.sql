-- What one can be a member by: price, cycle, limits, capacity.
CREATE TABLE plans (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  -- The name as it is compared: two plans of a makerspace never look alike.
  name_key TEXT NOT NULL,
  description TEXT,
  plan_type TEXT NOT NULL CHECK (plan_type IN ('free', 'basic', 'standard', 'premium', 'enterprise', 'custom')),
  price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
  setup_fee_minor INTEGER NOT NULL CHECK (setup_fee_minor >= 0),
  early_termination_fee_minor INTEGER NOT NULL CHECK (early_termination_fee_minor >= 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  billing_cycle TEXT NOT NULL
    CHECK (billing_cycle IN ('hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'lifetime')),
  contract_months INTEGER NOT NULL CHECK (contract_months BETWEEN 0 AND 60),
  -- Weekly windows of the makerspace's wall clock; null for any time.
  access_windows TEXT CHECK (access_windows IS NULL OR json_valid(access_windows)),
  -- JSON lists of machine ids; null includes all.
  included_equipment_ids TEXT CHECK (included_equipment_ids IS NULL OR json_valid(included_equipment_ids)),
  excluded_equipment_ids TEXT NOT NULL CHECK (json_valid(excluded_equipment_ids)),
  advance_days INTEGER CHECK (advance_days BETWEEN 0 AND 730),
  max_duration_minutes INTEGER CHECK (max_duration_minutes BETWEEN 1 AND 44640),
  max_open_bookings INTEGER CHECK (max_open_bookings BETWEEN 0 AND 1000),
  minutes_per_cycle INTEGER CHECK (minutes_per_cycle BETWEEN 0 AND 5270400),
  cancellation_hours INTEGER NOT NULL CHECK (cancellation_hours BETWEEN 0 AND 720),
  priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),
  project_limit INTEGER CHECK (project_limit >= 0),
  storage_mb INTEGER CHECK (storage_mb >= 0),
  guest_passes_per_cycle INTEGER CHECK (guest_passes_per_cycle >= 0),
  max_members INTEGER CHECK (max_members >= 0),
  -- Kept by the triggers of memberships.
  places_taken INTEGER NOT NULL DEFAULT 0 CHECK (places_taken >= 0),
  trial_days INTEGER NOT NULL CHECK (trial_days BETWEEN 0 AND 366),
  grace_days INTEGER NOT NULL CHECK (grace_days BETWEEN 0 AND 90),
  auto_renew INTEGER NOT NULL CHECK (auto_renew IN (0, 1)),
  visibility TEXT NOT NULL CHECK (visibility IN ('public', 'staff')),
  requires_approval INTEGER NOT NULL CHECK (requires_approval IN (0, 1)),
  valid_from INTEGER,
  valid_until INTEGER CHECK (valid_until IS NULL OR valid_from IS NULL OR valid_until > valid_from),
  promo TEXT CHECK (promo IS NULL OR json_valid(promo)),
  features TEXT NOT NULL CHECK (json_valid(features)),
  status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
  metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
  external_id TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT;
CREATE UNIQUE INDEX plans_name ON plans (makerspace_id, name_key);
CREATE UNIQUE INDEX plans_external_id ON plans (makerspace_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX plans_by_status ON plans (makerspace_id, status, id);
CREATE INDEX plans_by_kind ON plans (makerspace_id, plan_type, visibility, status, id);
