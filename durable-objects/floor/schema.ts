/** The tables of one board. */

import { ticketTable } from "../live/tickets.ts";
import type { Migration } from "../sql.ts";

const board = `
-- The newest state of each machine, one text per audience. A retired machine stays as removed, so that a client that resumes hears of it.
CREATE TABLE machines (
  equipment_id TEXT NOT NULL PRIMARY KEY,
  -- The machine's own number: newest wins.
  seq INTEGER NOT NULL,
  -- The board's number when it was last sent; null until then.
  sent_seq INTEGER,
  removed INTEGER NOT NULL,
  tablet TEXT NOT NULL,
  member TEXT NOT NULL,
  staff TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX machines_sent ON machines (sent_seq);

CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO counter (id, seq) VALUES (1, 0);

-- Machines that somebody watches directly.
CREATE TABLE watched (equipment_id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;

-- What a tablet's token must hash to.
CREATE TABLE tablets (
  tablet_id TEXT NOT NULL PRIMARY KEY,
  token_digest TEXT NOT NULL,
  equipment_ids TEXT NOT NULL,
  label TEXT NOT NULL
) STRICT, WITHOUT ROWID;
${ticketTable}`;

export const migrations: readonly Migration[] = [{ id: 1, name: "board", sql: board }];
