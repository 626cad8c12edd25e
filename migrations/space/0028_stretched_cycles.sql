-- The cycle of booked minutes that a pause began in and made longer: one cycle, however long.
ALTER TABLE memberships ADD COLUMN stretched_from INTEGER;
ALTER TABLE memberships ADD COLUMN stretched_to INTEGER CHECK ((stretched_to IS NULL) = (stretched_from IS NULL));
