-- Reservations of several machines that were booked together, all or nothing.
ALTER TABLE reservations ADD COLUMN bundle_id TEXT;
CREATE INDEX reservations_by_bundle ON reservations (makerspace_id, bundle_id, starts_at, id) WHERE bundle_id IS NOT NULL;
