-- Logout tokens that were taken: each counts once.
CREATE TABLE logout_tokens (
  issuer TEXT NOT NULL,
  jti TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (issuer, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX logout_tokens_expiry ON logout_tokens (expires_at);

-- Where people may have live sockets open, and by which sign-in: what has to close when they sign out.
CREATE TABLE live_visits (
  user_id TEXT NOT NULL,
  makerspace_id TEXT NOT NULL,
  -- Empty for tokens without one.
  sid TEXT NOT NULL,
  -- As the sockets know them: the membership, or the person where they have none.
  viewer_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, makerspace_id, sid)
) STRICT, WITHOUT ROWID;
CREATE INDEX live_visits_by_sid ON live_visits (sid);
CREATE INDEX live_visits_expiry ON live_visits (expires_at);
