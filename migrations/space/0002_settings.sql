-- One row per makerspace: its wall clock, its currency, and the defaults every machine starts from.
CREATE TABLE makerspace_settings (
  makerspace_id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL,
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
  timezone TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  location_hint TEXT,
  show_holder TEXT NOT NULL DEFAULT 'initials' CHECK (show_holder IN ('none', 'initials', 'first_name')),
  -- BookingPolicy as JSON; machines override single fields.
  booking_policy TEXT NOT NULL CHECK (json_valid(booking_policy)),
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
