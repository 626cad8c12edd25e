-- What a job leaves to be downloaded: { kind, id, filename, expires_at }.
ALTER TABLE jobs ADD COLUMN file TEXT CHECK (file IS NULL OR json_valid(file));
-- A member sees the jobs that they started.
CREATE INDEX jobs_by_creator ON jobs (makerspace_id, created_by, id);
