-- A member's stay on a plan, [starts_at, ends_at). Without an end both ends are 253402300800000, the year 10000.
CREATE TABLE memberships (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('pending', 'active', 'paused', 'expired', 'cancelled', 'changed', 'declined')),
  status_reason TEXT CHECK (length(status_reason) BETWEEN 1 AND 500),
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL CHECK (ends_at >= starts_at),
  -- The end of the days of grace; equal to ends_at without any.
  lapses_at INTEGER NOT NULL CHECK (lapses_at >= ends_at),
  -- When the clockwork looks at it again; null when it need not.
  due_at INTEGER,
  -- The plan's cycle as it was taken, and the local date it is counted from.
  billing_cycle TEXT NOT NULL
    CHECK (billing_cycle IN ('hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'lifetime')),
  anchor_on TEXT NOT NULL CHECK (length(anchor_on) = 10),
  is_trial INTEGER NOT NULL CHECK (is_trial IN (0, 1)),
  auto_renew INTEGER NOT NULL CHECK (auto_renew IN (0, 1)),
  cancels_at_end INTEGER NOT NULL DEFAULT 0 CHECK (cancels_at_end IN (0, 1)),
  next_plan_id TEXT,
  paused_at INTEGER,
  paused_until INTEGER,
  -- What was charged for the time from paid_from to ends_at.
  paid_from INTEGER NOT NULL,
  paid_minor INTEGER NOT NULL CHECK (paid_minor >= 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  contract_ends_at INTEGER,
  promo_code TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  FOREIGN KEY (makerspace_id, plan_id) REFERENCES plans (makerspace_id, id),
  FOREIGN KEY (makerspace_id, next_plan_id) REFERENCES plans (makerspace_id, id),
  CHECK ((status = 'paused') = (paused_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- One current membership and one application per member, whoever races.
CREATE UNIQUE INDEX memberships_current ON memberships (makerspace_id, member_id)
  WHERE status IN ('active', 'paused');
CREATE UNIQUE INDEX memberships_application ON memberships (makerspace_id, member_id) WHERE status = 'pending';
CREATE INDEX memberships_by_member ON memberships (makerspace_id, member_id, id);
CREATE INDEX memberships_by_status ON memberships (makerspace_id, status, ends_at, id);
CREATE INDEX memberships_by_plan ON memberships (makerspace_id, plan_id, status, ends_at, id);
CREATE INDEX memberships_next_plan ON memberships (makerspace_id, next_plan_id) WHERE next_plan_id IS NOT NULL;
CREATE INDEX memberships_due ON memberships (due_at, makerspace_id) WHERE due_at IS NOT NULL;

-- A plan's places are taken by current memberships; the last one goes to one of those who race for it.
CREATE TRIGGER memberships_take_a_place AFTER INSERT ON memberships WHEN NEW.status IN ('active', 'paused')
BEGIN
  SELECT RAISE(ABORT, 'expect:plan_unavailable') FROM plans
  WHERE makerspace_id = NEW.makerspace_id AND id = NEW.plan_id AND status <> 'active';
  SELECT RAISE(ABORT, 'expect:plan_full') FROM plans
  WHERE makerspace_id = NEW.makerspace_id AND id = NEW.plan_id AND places_taken >= max_members;
  UPDATE plans SET places_taken = places_taken + 1 WHERE makerspace_id = NEW.makerspace_id AND id = NEW.plan_id;
END;
CREATE TRIGGER memberships_take_a_place_later AFTER UPDATE OF status ON memberships
WHEN NEW.status IN ('active', 'paused') AND OLD.status NOT IN ('active', 'paused')
BEGIN
  SELECT RAISE(ABORT, 'expect:plan_unavailable') FROM plans
  WHERE makerspace_id = NEW.makerspace_id AND id = NEW.plan_id AND status <> 'active';
  SELECT RAISE(ABORT, 'expect:plan_full') FROM plans
  WHERE makerspace_id = NEW.makerspace_id AND id = NEW.plan_id AND places_taken >= max_members;
  UPDATE plans SET places_taken = places_taken + 1 WHERE makerspace_id = NEW.makerspace_id AND id = NEW.plan_id;
END;
CREATE TRIGGER memberships_leave_a_place AFTER UPDATE OF status ON memberships
WHEN OLD.status IN ('active', 'paused') AND NEW.status NOT IN ('active', 'paused')
BEGIN
  UPDATE plans SET places_taken = places_taken - 1 WHERE makerspace_id = OLD.makerspace_id AND id = OLD.plan_id;
END;
-- Places are counted by plan: a membership never changes its plan, another one takes its place.
CREATE TRIGGER memberships_keep_their_plan BEFORE UPDATE OF plan_id ON memberships WHEN NEW.plan_id <> OLD.plan_id
BEGIN
  SELECT RAISE(ABORT, 'a membership keeps its plan');
END;
CREATE TRIGGER memberships_are_kept BEFORE DELETE ON memberships
BEGIN
  SELECT RAISE(ABORT, 'memberships are kept');
END;

-- Every step of a membership, with what it costs. A negative amount is a credit.
CREATE TABLE membership_transactions (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  membership_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('join', 'renewal', 'upgrade', 'downgrade', 'pause', 'resume', 'cancellation',
                                     'continuation', 'expiry')),
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  payment_status TEXT NOT NULL CHECK (payment_status IN ('none', 'due')),
  -- The time it pays for, or concerns.
  period_from INTEGER NOT NULL,
  period_to INTEGER NOT NULL CHECK (period_to >= period_from),
  reason TEXT,
  -- How the amount came about, in the smallest unit.
  breakdown TEXT NOT NULL CHECK (json_valid(breakdown)),
  actor_id TEXT NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, membership_id) REFERENCES memberships (makerspace_id, id),
  CHECK ((payment_status = 'none') = (amount_minor = 0))
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_transactions_by_time ON membership_transactions (makerspace_id, created_at, id);
CREATE INDEX membership_transactions_by_kind ON membership_transactions (makerspace_id, kind, created_at, id);
CREATE INDEX membership_transactions_by_member ON membership_transactions (makerspace_id, member_id, created_at, id);
CREATE INDEX membership_transactions_by_membership
  ON membership_transactions (makerspace_id, membership_id, created_at, id);
