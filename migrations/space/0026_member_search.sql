-- Search over names and e-mail addresses: full text, without the text. The tenant and the status are words of it, so that a search walks
-- what is found and nothing else; the triggers keep it in step, whoever writes a member. Backups cannot hold virtual tables: after a
-- restore, make it anew, set search_id = rowid, and fill it with the statement at the end.
DROP TRIGGER members_status_goes_along;
DROP TABLE member_terms;

ALTER TABLE members ADD COLUMN search_id INTEGER;
UPDATE members SET search_id = rowid;
CREATE UNIQUE INDEX members_by_search ON members (makerspace_id, search_id);

CREATE VIRTUAL TABLE member_search USING fts5 (
  scope, names, email, content = '', contentless_delete = 1, prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER members_are_found AFTER INSERT ON members
BEGIN
  UPDATE members SET search_id = new.rowid WHERE makerspace_id = new.makerspace_id AND id = new.id;
  INSERT INTO member_search (rowid, scope, names, email)
    VALUES (new.rowid, replace(new.makerspace_id, '-', '') || ' ' || new.status, new.first_name || ' ' || new.last_name, new.email);
END;
CREATE TRIGGER members_are_found_anew AFTER UPDATE OF status, first_name, last_name, email ON members
BEGIN
  DELETE FROM member_search WHERE rowid = new.search_id;
  INSERT INTO member_search (rowid, scope, names, email)
    VALUES (new.search_id, replace(new.makerspace_id, '-', '') || ' ' || new.status, new.first_name || ' ' || new.last_name, new.email);
END;
CREATE TRIGGER members_status_goes_along AFTER UPDATE OF status ON members WHEN new.status <> old.status
BEGIN
  UPDATE member_tags SET status = new.status WHERE makerspace_id = new.makerspace_id AND member_id = new.id;
END;

INSERT INTO member_search (rowid, scope, names, email)
  SELECT search_id, replace(makerspace_id, '-', '') || ' ' || status, first_name || ' ' || last_name, email FROM members;
