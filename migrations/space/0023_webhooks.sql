-- Outgoing webhooks: where events go, what was sent, and the feed that anybody can read again. Secrets lie in sealed_secrets.
CREATE TABLE webhooks (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  description TEXT CHECK (description IS NULL OR length(description) <= 200),
  -- Types of events, or "*".
  events TEXT NOT NULL CHECK (json_valid(events)),
  status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
  disabled_because TEXT CHECK (disabled_because IN ('staff', 'gone', 'failing')),
  -- The first failed attempt since the last success.
  failing_since INTEGER,
  -- The secret before the last rotation signs as well until then.
  previous_secret_until INTEGER,
  created_by TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  CHECK ((status = 'disabled') = (disabled_because IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- Each event is held against all of them.
CREATE TRIGGER webhooks_are_few BEFORE INSERT ON webhooks
WHEN (SELECT count(*) FROM webhooks WHERE makerspace_id = NEW.makerspace_id) >= 50
BEGIN
  SELECT RAISE(ABORT, 'expect:too_many_webhooks');
END;

CREATE TABLE webhook_deliveries (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  webhook_id TEXT NOT NULL,
  -- The webhook-id of every attempt, and of deliveries made anew.
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled')),
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Of a pending one; while somebody sends, when another may try.
  next_attempt_at INTEGER NOT NULL,
  first_attempt_at INTEGER,
  -- [{at, status_code, error, ms}], oldest first.
  log TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(log)),
  -- Head and body of the last request and answer; the answer's up to 64 KiB.
  request TEXT CHECK (request IS NULL OR json_valid(request)),
  response TEXT CHECK (response IS NULL OR json_valid(response)),
  redelivery_of TEXT,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, webhook_id) REFERENCES webhooks (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (makerspace_id, webhook_id, id DESC);
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (makerspace_id, webhook_id, status, id DESC);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt_at, makerspace_id) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_due_here ON webhook_deliveries (makerspace_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (created_at);

-- Public events in the order in which they were recorded, kept for 30 days. Numbers only grow: the newest row is never deleted.
CREATE TABLE event_feed (
  makerspace_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  event_id TEXT NOT NULL,
  type TEXT NOT NULL,
  body TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_feed_by_event ON event_feed (makerspace_id, event_id);
CREATE INDEX event_feed_by_type ON event_feed (makerspace_id, type, seq);
CREATE INDEX event_feed_age ON event_feed (recorded_at);
