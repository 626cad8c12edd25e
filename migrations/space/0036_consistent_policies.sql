-- A machine's own rules and the makerspace's together never contradict themselves. Two changes at once each look at what the other has not
-- written yet, so that the last word is here.
CREATE TRIGGER equipment_policy_is_consistent_when_added BEFORE INSERT ON equipment
WHEN (
  SELECT coalesce(NEW.policy ->> 'min_minutes', s.booking_policy ->> 'min_minutes')
    > coalesce(NEW.policy ->> 'max_minutes', s.booking_policy ->> 'max_minutes')
  FROM makerspace_settings s WHERE s.makerspace_id = NEW.makerspace_id)
BEGIN
  SELECT RAISE(ABORT, 'expect:conflict');
END;

CREATE TRIGGER equipment_policy_is_consistent_when_changed BEFORE UPDATE OF policy ON equipment
WHEN NEW.retired_at IS NULL AND NEW.policy <> OLD.policy AND (
  SELECT coalesce(NEW.policy ->> 'min_minutes', s.booking_policy ->> 'min_minutes')
    > coalesce(NEW.policy ->> 'max_minutes', s.booking_policy ->> 'max_minutes')
  FROM makerspace_settings s WHERE s.makerspace_id = NEW.makerspace_id)
BEGIN
  SELECT RAISE(ABORT, 'expect:conflict');
END;

CREATE TRIGGER booking_policy_is_consistent BEFORE UPDATE OF booking_policy ON makerspace_settings
WHEN NEW.booking_policy <> OLD.booking_policy AND EXISTS (
  SELECT 1 FROM equipment e
  WHERE e.makerspace_id = NEW.makerspace_id AND e.retired_at IS NULL AND e.policy <> '{}'
    AND coalesce(e.policy ->> 'min_minutes', NEW.booking_policy ->> 'min_minutes')
      > coalesce(e.policy ->> 'max_minutes', NEW.booking_policy ->> 'max_minutes'))
BEGIN
  SELECT RAISE(ABORT, 'expect:conflict');
END;
