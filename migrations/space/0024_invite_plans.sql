-- Why the plan of an accepted invite could not be joined; the member is there without it.
ALTER TABLE invites ADD COLUMN plan_problem TEXT;
