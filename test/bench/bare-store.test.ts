import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { BareStore, CLAIM_SIZED_BODY, SETTLED_SIZED_BODY } from "../../bench/bare-store.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";

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
