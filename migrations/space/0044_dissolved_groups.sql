-- The name of a family says who they are: a group that is dissolved keeps none.
UPDATE billing_groups SET name = kind WHERE status = 'dissolved';
CREATE TRIGGER billing_groups_dissolve_without_a_name AFTER UPDATE OF status ON billing_groups WHEN NEW.status = 'dissolved'
BEGIN
  UPDATE billing_groups SET name = kind WHERE makerspace_id = NEW.makerspace_id AND id = NEW.id;
END;
