-- Files in the bucket that nothing refers to: not yet, because their row is written after them, or not any more. The row that refers to a
-- file takes it out of here in the same batch; what is left here for long goes, file first.
CREATE TABLE loose_files (
  makerspace_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  noted_at INTEGER NOT NULL,
  -- Nobody can claim it any more.
  doomed INTEGER NOT NULL CHECK (doomed IN (0, 1)),
  PRIMARY KEY (makerspace_id, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX loose_files_by_age ON loose_files (noted_at);
