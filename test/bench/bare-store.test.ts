import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { BareGroup } from "../../bench/bare-group.ts";
import { BareStore, CLAIM_SIZED_BODY, SETTLED_SIZED_BODY } from "../../bench/bare-store.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { Database } from "../sqlite-database.ts";

test("the bare insert and the bare update each write to the log, and so wait for the disk", () => {
  const file = temporaryFile();
  const bare = new BareStore(file);
  const sizes = [0, 1].flatMap((id) => {
    bare.insert(`${id}`, CLAIM_SIZED_BODY);
    const inserted = statSync(`${file}-wal`).size;
    bare.update(`${id}`, SETTLED_SIZED_BODY);
    return [inserted, statSync(`${file}-wal`).size];
  });
  bare.close();
  expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
});

test.each([
  [false, 0],
  [true, 10],
])("the bare group keeps each row's last text, with events (%s) a chain of %i", (events, count) => {
  const file = temporaryFile();
  const group = new BareGroup(file, { events });
  group.pairs(["a", "b"]);
  group.close();
  const database = new Database(file, { readonly: true });
  const rows = database.prepare("SELECT * FROM claims ORDER BY id").all();
  const chain = database.prepare("SELECT body, hash FROM events ORDER BY sequence").all();
  database.close();
  expect(rows).toEqual(["a", "b"].map((id) => ({ id, body: SETTLED_SIZED_BODY })));
  expect(chain).toHaveLength(count);
  let previous = "0".repeat(64);
  for (const { body, hash } of chain as { body: string; hash: string }[]) {
    expect(hash).toBe(createHash("sha256").update(previous).update(body).digest("hex"));
    previous = hash;
  }
});
