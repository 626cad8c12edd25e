-- Mail that stays here, shown at /dev/mail; empty in production, where the development issuer cannot be on.
CREATE TABLE dev_mail (
  id TEXT NOT NULL PRIMARY KEY,
  to_address TEXT NOT NULL,
  subject TEXT NOT NULL,
  text TEXT NOT NULL,
  html TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dev_mail_age ON dev_mail (created_at);
