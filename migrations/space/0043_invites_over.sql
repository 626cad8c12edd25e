-- Invites that nobody accepted are deleted by their age.
CREATE INDEX invites_over ON invites (updated_at) WHERE status IN ('cancelled', 'expired');
