-- The terms that a booking was made under, and what its holder owes for a late cancellation or for not coming.
ALTER TABLE reservations ADD COLUMN price TEXT CHECK (price IS NULL OR json_valid(price));
ALTER TABLE reservations ADD COLUMN fee_minor INTEGER CHECK (fee_minor IS NULL OR fee_minor > 0);
ALTER TABLE sessions ADD COLUMN price TEXT CHECK (price IS NULL OR json_valid(price));
