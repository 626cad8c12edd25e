-- The machine's own number of a hold: of two on one machine the higher one is there, in whatever order they are noted here.
ALTER TABLE booking_holds ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
-- What is long over goes.
CREATE INDEX booking_holds_by_age ON booking_holds (expires_at);
