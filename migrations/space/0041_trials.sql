-- A member tries one plan, once: whichever plans they come by, and whoever races. What began as a trial says so for good.
ALTER TABLE memberships ADD COLUMN had_trial INTEGER NOT NULL DEFAULT 0 CHECK (had_trial IN (0, 1));
UPDATE memberships SET had_trial = 1 WHERE is_trial = 1 OR EXISTS (
  SELECT 1 FROM membership_transactions t
  WHERE t.makerspace_id = memberships.makerspace_id AND t.membership_id = memberships.id
    AND t.kind = 'join' AND t.reason = 'trial');
CREATE INDEX memberships_trials ON memberships (makerspace_id, member_id) WHERE had_trial = 1;
-- No unique index: two records of one person, each with its trial, may become one.
CREATE TRIGGER memberships_have_one_trial BEFORE INSERT ON memberships WHEN NEW.had_trial = 1
BEGIN
  SELECT RAISE(ABORT, 'expect:conflict') FROM memberships
  WHERE makerspace_id = NEW.makerspace_id AND member_id = NEW.member_id AND had_trial = 1;
END;
CREATE TRIGGER memberships_have_one_trial_later BEFORE UPDATE OF had_trial ON memberships
WHEN NEW.had_trial = 1 AND OLD.had_trial = 0
BEGIN
  SELECT RAISE(ABORT, 'expect:conflict') FROM memberships
  WHERE makerspace_id = NEW.makerspace_id AND member_id = NEW.member_id AND had_trial = 1;
END;
