-- What members say of machines that they have used: one rating per member and machine.
CREATE TABLE equipment_ratings (
  makerspace_id TEXT NOT NULL,
  id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  member_id TEXT NOT NULL,
  stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
  text TEXT CHECK (text IS NULL OR length(text) <= 2000),
  status TEXT NOT NULL CHECK (status IN ('visible', 'hidden')),
  -- Why it was hidden, and by whom.
  hidden_reason TEXT CHECK ((hidden_reason IS NOT NULL) = (status = 'hidden')),
  hidden_by TEXT,
  answer TEXT CHECK (answer IS NULL OR length(answer) <= 2000),
  answered_by TEXT,
  answered_at INTEGER,
  version INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (makerspace_id, id),
  FOREIGN KEY (makerspace_id, equipment_id) REFERENCES equipment (makerspace_id, id),
  FOREIGN KEY (makerspace_id, member_id) REFERENCES members (makerspace_id, id)
) STRICT;
CREATE UNIQUE INDEX equipment_ratings_once ON equipment_ratings (makerspace_id, equipment_id, member_id);
CREATE INDEX equipment_ratings_by_status ON equipment_ratings (makerspace_id, equipment_id, status, id);
CREATE INDEX equipment_ratings_by_member ON equipment_ratings (makerspace_id, member_id, id);

-- Of the ratings that are seen. Only these triggers write it: it is what the rows add up to, whoever changes them, and at the same time.
CREATE TABLE equipment_rating_totals (
  makerspace_id TEXT NOT NULL,
  equipment_id TEXT NOT NULL,
  stars INTEGER NOT NULL CHECK (stars >= 0),
  ratings INTEGER NOT NULL CHECK (ratings >= 0),
  PRIMARY KEY (makerspace_id, equipment_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER equipment_ratings_added AFTER INSERT ON equipment_ratings WHEN NEW.status = 'visible' BEGIN
  INSERT INTO equipment_rating_totals (makerspace_id, equipment_id, stars, ratings)
    VALUES (NEW.makerspace_id, NEW.equipment_id, NEW.stars, 1)
    ON CONFLICT (makerspace_id, equipment_id) DO UPDATE SET stars = stars + excluded.stars, ratings = ratings + 1;
END;

CREATE TRIGGER equipment_ratings_removed AFTER DELETE ON equipment_ratings WHEN OLD.status = 'visible' BEGIN
  UPDATE equipment_rating_totals SET stars = stars - OLD.stars, ratings = ratings - 1
    WHERE makerspace_id = OLD.makerspace_id AND equipment_id = OLD.equipment_id;
END;

CREATE TRIGGER equipment_ratings_changed AFTER UPDATE OF stars, status ON equipment_ratings BEGIN
  UPDATE equipment_rating_totals
    SET stars = stars - iif(OLD.status = 'visible', OLD.stars, 0) + iif(NEW.status = 'visible', NEW.stars, 0),
        ratings = ratings - (OLD.status = 'visible') + (NEW.status = 'visible')
    WHERE makerspace_id = NEW.makerspace_id AND equipment_id = NEW.equipment_id;
  -- The first that is seen of a machine whose only ratings were hidden.
  INSERT OR IGNORE INTO equipment_rating_totals (makerspace_id, equipment_id, stars, ratings)
    SELECT NEW.makerspace_id, NEW.equipment_id, NEW.stars, 1 WHERE NEW.status = 'visible';
END;
