-- Limits that nothing reads yet say nothing: a plan promises what is kept.
UPDATE plans SET priority = 0, project_limit = NULL, storage_mb = NULL;
