-- By what right an invite was sent: it works while that right stands.
ALTER TABLE invites ADD COLUMN invited_as TEXT NOT NULL DEFAULT 'member' CHECK (invited_as IN ('member', 'service', 'platform'));
UPDATE invites SET invited_as = 'platform'
  WHERE NOT EXISTS (SELECT 1 FROM members WHERE members.makerspace_id = invites.makerspace_id AND members.id = invites.invited_by);
UPDATE invites SET invited_as = 'service'
  WHERE EXISTS (SELECT 1 FROM service_accounts a WHERE a.makerspace_id = invites.makerspace_id AND a.id = invites.invited_by);
