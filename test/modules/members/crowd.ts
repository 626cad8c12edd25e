/** A makerspace of ten thousand members, written past the API, and what they are. */

import { env } from "cloudflare:workers";
import { sortName } from "../../../src/modules/members/model.ts";
import { newId } from "../../../src/platform/ids.ts";
import { HOUR } from "../../../src/platform/time.ts";
import type { Api, Page } from "../../support/api.ts";
import { makeSpace, type Person, type TestSpace } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

export interface Row {
  id: string;
  email: string;
  first_name: string;
  last_name: string;
  role: string;
  status: string;
  joined_at: number;
  last_seen_at: number;
  updated_at: number;
  sort_name: string;
  tags: string[];
}

const SIZE = 10_000;
export const START = Date.UTC(2026, 0, 1);
const firsts = ["Ada", "Grace", "Zoë", "José", "Anna Maria", "Li", "Åsa", "Straßer"];
const lasts = ["Byron", "Hopper", "Müller", "Ångström", "García", "Ng", "Öztürk", "Adams", "van der Berg"];
export const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

/** Members of every kind; a role, a status and a label are rare. */
function makeRow(index: number): Row {
  const names = {
    first_name: pick(firsts, index * 7 + Math.floor(index / 9)),
    last_name: `${pick(lasts, index * 5)}${index % 4 === 0 ? "" : ` ${index % 97}`}`,
  };
  return {
    id: newId(),
    ...names,
    email: `${names.first_name
      .normalize("NFKD")
      .replaceAll(/[^a-z]/gi, "")
      .toLowerCase()}.${index}@${index % 2 === 0 ? "example.org" : "makers.test"}`,
    role: index === 4_711 ? "admin" : pick(["user", "user", "service_provider"], index),
    status: index % 2_500 === 17 ? "suspended" : pick(["active", "active", "pending", "expired", "left"], index * 3),
    joined_at: START + Math.floor(index / 4) * HOUR,
    last_seen_at: START + ((index * 37) % SIZE) * HOUR,
    updated_at: START + ((index * 101) % SIZE) * 1_000,
    sort_name: sortName(names),
    tags: [...(index % 3 === 0 ? ["night"] : []), ...(index % 3_000 === 5 ? ["founder"] : [])],
  };
}

async function insert(space: TestSpace, rows: Row[]): Promise<void> {
  const of = (sql: string, values: unknown) => env.DB_000.prepare(sql).bind(space.id, JSON.stringify(values));
  for (let from = 0; from < rows.length; from += 1_000) {
    const some = rows.slice(from, from + 1_000);
    const tags = some.flatMap((row) => row.tags.map((tag) => ({ tag, id: row.id, status: row.status })));
    await env.DB_000.batch([
      of(
        `INSERT INTO members (makerspace_id, id, email, first_name, last_name, role, status, joined_at, last_seen_at, sort_name, created_at, updated_at)
         SELECT ?, value ->> 'id', value ->> 'email', value ->> 'first_name', value ->> 'last_name', value ->> 'role', value ->> 'status',
           value ->> 'joined_at', value ->> 'last_seen_at', value ->> 'sort_name', value ->> 'updated_at', value ->> 'updated_at' FROM json_each(?)`,
        some,
      ),
      of(
        `INSERT INTO member_tags (makerspace_id, tag, status, member_id)
         SELECT ?, value ->> 'tag', value ->> 'status', value ->> 'id' FROM json_each(?)`,
        tags,
      ),
    ]);
  }
}

export interface Crowd {
  space: TestSpace;
  /** Everybody, also the two who ask. */
  rows: Row[];
  staff: Person;
  user: Person;
}

/** The crowd, with somebody at the desk and a member among them. */
export async function makeCrowd(): Promise<Crowd> {
  const space = await makeSpace();
  const rows = Array.from({ length: SIZE }, (_, index) => makeRow(index));
  await insert(space, rows);
  const [staff, user] = [await space.as("desk"), await space.as("user")];
  // Both have been here, which their rows know.
  for (const { api } of [staff, user]) await api.get(space.path());
  for (const { member } of [staff, user]) {
    const seen = await space.root.get<Member>(space.path(`/members/${member.id}`));
    const at = (text: string | null): number => Date.parse(text ?? "");
    rows.push({
      ...seen,
      joined_at: at(seen.joined_at),
      last_seen_at: at(seen.last_seen_at),
      updated_at: at(seen.updated_at),
      sort_name: sortName(seen),
      tags: [],
    });
  }
  return { space, rows, staff, user };
}

/** Without case and accents. */
const plain = (text: string): string => text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();

/** Whether a search for these words should find a member: each of them begins a word of the name, or of the address. */
export function isFoundBy(row: Row, text: string, inAddress = true): boolean {
  const words = (some: string): string[] =>
    plain(some)
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean);
  const own = words(`${row.first_name} ${row.last_name} ${inAddress ? row.email : ""}`);
  return words(text).every((word) => own.some((one) => one.startsWith(word)));
}

/** The first pages of a list, at most three hundred rows. */
export async function pagesOf({ space }: Crowd, api: Api, query: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null && ids.length < 300) {
    const more: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<Member> = await api.get(space.path(`/members?${query}${more}`));
    ids.push(...page.data.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  return ids;
}
