-- Mail on its way: what is to be said to whom, without the words and without an address. Both are made when it is sent.
CREATE TABLE mail_deliveries (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  -- What made it due: an event, or a resource and its version. Never twice for one (cause, template, recipient).
  cause TEXT NOT NULL,
  template TEXT NOT NULL,
  -- 'member:<id>', 'invite:<id>'.
  recipient TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  data TEXT NOT NULL CHECK (json_valid(data)),
  status TEXT NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'dropped')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  -- Not before; while it is being sent: when another may take over.
  next_attempt_at INTEGER NOT NULL,
  -- Why the last attempt failed, in a word that names nobody.
  reason TEXT,
  sent_at INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mail_deliveries_once ON mail_deliveries (makerspace_id, cause, template, recipient);
CREATE INDEX mail_deliveries_by_status ON mail_deliveries (makerspace_id, status, id);
CREATE INDEX mail_deliveries_age ON mail_deliveries (updated_at) WHERE status IN ('sent', 'failed', 'dropped');
