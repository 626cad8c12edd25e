-- What people would pick instead: one table, and PostgreSQL's exclusion constraint against double bookings.
CREATE EXTENSION btree_gist;

CREATE TABLE members (
  makerspace_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id text NOT NULL,
  role text NOT NULL,
  status text NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  UNIQUE (makerspace_id, user_id)
);

CREATE TABLE equipment (
  makerspace_id uuid NOT NULL,
  id uuid NOT NULL,
  status text NOT NULL,
  min_minutes integer NOT NULL,
  max_minutes integer NOT NULL,
  granularity_minutes integer NOT NULL,
  horizon_days integer NOT NULL,
  PRIMARY KEY (makerspace_id, id)
);

CREATE TABLE reservations (
  makerspace_id uuid NOT NULL,
  id uuid NOT NULL PRIMARY KEY,
  equipment_id uuid NOT NULL,
  member_id uuid NOT NULL,
  status text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  purpose text,
  created_at timestamptz NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment,
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members,
  CONSTRAINT never_twice EXCLUDE USING gist (equipment_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (status IN ('pending', 'approved', 'active'))
);
CREATE INDEX reservations_by_member ON reservations (makerspace_id, member_id, starts_at);

-- What MakrCave keeps of every booking besides: written by the second variant of the peer, in the same statement.
CREATE TABLE idempotency_keys (
  scope text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  body jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (scope, key)
);

CREATE TABLE audit_log (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  makerspace_id uuid NOT NULL,
  occurred_at timestamptz NOT NULL DEFAULT now(),
  actor_id text NOT NULL,
  action text NOT NULL,
  subject_id uuid NOT NULL,
  after jsonb NOT NULL
);

CREATE TABLE outbox (
  makerspace_id uuid NOT NULL,
  event_id uuid NOT NULL,
  envelope jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (makerspace_id, event_id)
);
