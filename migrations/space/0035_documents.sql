-- What members hand in for staff to look at: proof of identity, certificates, insurance. The files lie in the bucket.
CREATE TABLE member_documents (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
  status TEXT NOT NULL CHECK (status IN ('pending', 'verified', 'rejected', 'expired', 'replaced')),
  content_type TEXT NOT NULL CHECK (content_type IN ('application/pdf', 'image/jpeg', 'image/png')),
  size INTEGER NOT NULL CHECK (size BETWEEN 1 AND 10485760),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  -- Why it was rejected.
  reason TEXT CHECK (reason IS NULL OR length(reason) <= 500),
  expires_at INTEGER,
  replaces_id TEXT,
  submitted_by TEXT NOT NULL,
  decided_by TEXT,
  decided_at INTEGER,
  -- When the clockwork looks at it next: to remind, to end.
  due_at INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id),
  CHECK (decided_by IS NULL OR decided_by <> member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_documents_by_member ON member_documents (makerspace_id, member_id, status, id);
CREATE INDEX member_documents_by_status ON member_documents (makerspace_id, status, id);
CREATE INDEX member_documents_by_kind ON member_documents (makerspace_id, kind, status, id);
CREATE INDEX member_documents_due ON member_documents (due_at, makerspace_id) WHERE due_at IS NOT NULL;
-- Of two that want to follow the same one, one waits for a decision.
CREATE UNIQUE INDEX member_documents_by_replaced ON member_documents (makerspace_id, replaces_id)
  WHERE replaces_id IS NOT NULL AND status = 'pending';
