-- A group that is dissolved keeps no words about who it was: neither a name nor metadata.
DROP TRIGGER billing_groups_dissolve_without_a_name;
UPDATE billing_groups SET metadata = '{}' WHERE status = 'dissolved';
CREATE TRIGGER billing_groups_dissolve_without_words AFTER UPDATE OF status ON billing_groups WHEN NEW.status = 'dissolved'
BEGIN
  UPDATE billing_groups SET name = kind, metadata = '{}' WHERE makerspace_id = NEW.makerspace_id AND id = NEW.id;
END;
