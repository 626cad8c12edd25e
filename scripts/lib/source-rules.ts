/**
 * The rules of the house that are about what a file says: a pattern, where it holds, and an example of each side.
 * The examples are the proof that a rule fires; test/node/house/source.test.ts runs them.
 */

export interface SourceRule {
  name: string;
  /** Why, and what to do instead. */
  because: string;
  /** Paths it holds for, relative to the root. */
  in: RegExp;
  /** Paths it does not hold for. */
  except?: RegExp;
  /** What must not stand there. */
  forbids: RegExp;
  /** A path and a text that break the rule. */
  breaks: readonly [path: string, text: string];
  /** A path and a text that look like it and do not. */
  keeps: readonly [path: string, text: string];
}

const production = /^(src|durable-objects)\//;
const code = /\.(ts|tsx|mjs|sql|json|toml|md|css|html|yaml|yml)$|^\.ci\//;

// Assembled from halves, so that this file does not trip over itself.
const word = (...halves: string[]): RegExp => new RegExp(`\\b${halves.join("")}\\b`);

export const sourceRules: readonly SourceRule[] = [
  {
    name: "no-d1-transactions",
    because:
      "D1 has no interactive transactions, and an async one inside an object does not roll back: use commit or transactionSync",
    in: production,
    forbids: /\b(db|database|store)\s*\.\s*transaction\s*\(/,
    breaks: ["src/modules/x/service.ts", "await db.transaction(async (tx) => {});"],
    keeps: ["durable-objects/x/object.ts", "storage.transactionSync(() => {});"],
  },
  {
    name: "no-async-in-transaction-sync",
    because: "an async callback commits at its first await; a later throw does not undo it",
    in: /^(src|durable-objects|test)\//,
    forbids: /\btransactionSync\s*(<[^(]*>)?\(\s*async\b/,
    breaks: ["durable-objects/x/object.ts", "this.storage.transactionSync<void>(\n  async () => {},\n);"],
    keeps: ["durable-objects/x/object.ts", "this.storage.transactionSync(() => asyncSafe());"],
  },
  {
    name: "6-object-names-are-built-in-one-place",
    because: "src/platform/objects.ts puts the makerspace into an object's name; nobody else may name one",
    in: production,
    except: /^src\/platform\/objects\.ts$/,
    forbids: /\.\s*(idFromName|idFromString|getByName|newUniqueId)\s*\(/,
    breaks: ["src/modules/x/service.ts", "env.EQUIPMENT.getByName(id)"],
    keeps: ["src/modules/x/service.ts", "space.object(env.EQUIPMENT, id)"],
  },
  {
    name: "7-one-writer-of-reservations",
    because: "only durable-objects/equipment/projection.ts writes the reservation and session tables in D1",
    in: production,
    except: /^durable-objects\/equipment\/projection\.ts$/,
    forbids: /\b(insert|update|delete)\s*\(\s*(\w+\.)?(reservations|sessions)\b/,
    breaks: ["src/modules/equipment/x/service.ts", "space.store.db.update(reservations).set({})"],
    keeps: ["src/modules/equipment/x/service.ts", "space.store.db.select().from(reservations)"],
  },
  {
    name: "7-one-writer-of-reservations-in-sql",
    because: "only durable-objects/equipment/projection.ts writes the reservation and session tables in D1",
    in: /^src\//,
    forbids: /\b(INSERT( OR \w+)? INTO|UPDATE( OR \w+)?|DELETE FROM)\s+["`]?(reservations|sessions)\b/i,
    breaks: ["src/modules/equipment/x/service.ts", "sql`UPDATE reservations SET status = 'x'`"],
    keeps: ["src/modules/equipment/x/service.ts", "sql`SELECT * FROM reservations`"],
  },
  {
    name: "9-databases-are-chosen-in-one-place",
    because:
      "which database holds a table is the seam for scaling: only src/platform/db and the projection know the bindings",
    in: production,
    except: /^(src\/platform\/(db\/[\w-]+|env)|durable-objects\/equipment\/ports)\.ts$/,
    forbids: /\benv\s*\.\s*(DIRECTORY|DB_\d{3})\b/,
    breaks: ["src/modules/x/service.ts", "env.DB_000.prepare(text)"],
    keeps: ["src/modules/x/service.ts", "// lives in DB_000"],
  },
  {
    name: "no-focused-tests",
    because: "a focused test silences all the others",
    in: /^test\//,
    except: /^test\/node\/house\//,
    forbids: /\b(test|it|describe|suite)(\.\w+)*\.only\b|\bonly:\s*true\b/,
    breaks: ["test/x.test.ts", `it.${"only"}("x", () => {});`],
    keeps: ["test/x.test.ts", "it('only one wins', () => {});"],
  },
  {
    name: "no-promises-in-comments",
    because: "what is missing is an issue, not a comment",
    in: code,
    except: /^package-lock\.json$/,
    forbids: new RegExp(
      [word("TO", "DO"), word("FIX", "ME"), word("X", "XX"), word("HA", "CK")].map((each) => each.source).join("|"),
    ),
    breaks: ["src/x.ts", `// ${"TO"}${"DO"}: later`],
    keeps: ["src/x.ts", "// Nothing to do."],
  },
  {
    name: "no-machine-paths",
    because: "a path of one machine means nothing on another",
    in: code,
    except: /^scripts\/lib\/source-rules\.ts$/,
    forbids: /(^|[\s"'`(=])\/(work|home|root|Users|mnt)\/[\w.-]/m,
    breaks: ["docs/x.md", "see /home/someone/x"],
    keeps: ["src/x.ts", 'path.startsWith("/rooted")'],
  },
  {
    name: "no-registry-hosts",
    because: "where packages come from is each person's own setting",
    in: /./,
    except: /^scripts\/lib\/source-rules\.ts$/,
    forbids: /\/\/registry\.|"resolved":/,
    breaks: ["package-lock.json", `"${"resolved"}": "https://${"registry"}.example/x"`],
    keeps: ["package-lock.json", '"integrity": "sha512-x"'],
  },
];

/** A place that breaks a rule. */
export interface SourceFinding {
  rule: string;
  path: string;
  /** Counted from 1. */
  line: number;
  because: string;
}

/** Everything in a file that breaks a rule; at most one finding per rule. */
export const checkSource = (path: string, text: string): SourceFinding[] =>
  sourceRules.flatMap(({ name, because, in: holds, except, forbids }) => {
    if (!holds.test(path) || except?.test(path)) return [];
    const at = text.search(forbids);
    if (at < 0) return [];
    return [{ rule: name, path, line: text.slice(0, at).split("\n").length, because }];
  });
