-- Jobs that are over are tidied away by their age.
CREATE INDEX jobs_over ON jobs (updated_at) WHERE status IN ('succeeded', 'failed', 'cancelled');
