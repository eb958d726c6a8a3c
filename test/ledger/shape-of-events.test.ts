/**
 * What events and rows hold is read by every program that has the ledger open, and one that does
 * not know a kind or a field would go on by its own rules. So such a change comes with a new number
 * of the schema, by which older programs refuse the ledger.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { SCHEMA_VERSION as ON_POSTGRES } from "../../src/ledger/postgres/migrations.ts";
import { SCHEMA_VERSION as ON_SQLITE } from "../../src/ledger/sqlite/migrations.ts";

/** Where events are declared, and the rows that are kept as JSON. */
const DECLARED = [
  ...["claim/claim-event.ts", "claim/guard-event.ts", "claim/claim.ts", "claim/guard-claim.ts"],
  ...["claim/guard-action.ts", "book/book.ts", "incident/incident.ts", "identity/intent.ts"],
];
const COMMENTS = /\/\*[\s\S]*?\*\/|\/\/.*/g;
/** A field with its type, up to the next one; or one of the words that a field may have. */
const FIELDS = /readonly (\w+\??: [^;}]+)|^\s+(?:\| )?("\w+")/gm;

/** The number of either store's last step, and what is held since. */
const NUMBERED = { sqlite: 16, postgres: 10, held: "cf1db42dda8b3098" };

test("what events and rows hold has changed with the number of the schema, and not without", () => {
  const hash = createHash("sha256");
  for (const file of DECLARED) {
    const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
    for (const [, field, word] of text.replaceAll(COMMENTS, "").matchAll(FIELDS)) {
      hash.update(`${file} ${(field ?? word ?? "").replaceAll(/\s+/g, " ").trim()}\n`);
    }
  }
  const held = hash.digest("hex").slice(0, 16);
  const words = "a kind or a field of an event or a row is another: add a step to both migrations";
  expect({ sqlite: ON_SQLITE, postgres: ON_POSTGRES, held }, words).toEqual(NUMBERED);
});
