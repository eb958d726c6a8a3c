/** A sidecar that is started on a copy of the ledger knows every order of the one before it. */
import { expect, onTestFinished, test } from "vitest";
import { copyStore } from "../../src/app.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { orderNumber, startWorld } from "./sidecar-world.ts";

test("a repeat gets the receipt from the copy, on PostgreSQL and back on SQLite", async () => {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const world = await startWorld();
  const stores = [temporaryFile(), url, temporaryFile()] as const;
  const receipts: unknown[] = [];
  for (const [index, store] of stores.entries()) {
    const before = stores[index - 1];
    if (before !== undefined) await copyStore(before, store);
    const sidecar = await world.start(store);
    world.keepTime();
    for (let number = 0; number <= index; number += 1) {
      const answer = await sidecar.send(orderNumber(number));
      if (answer === "cut") throw new Error("the sidecar has gone");
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      const isRepeat = answer.headers.get("Idempotent-Replayed") === "true";
      expect(isRepeat).toBe(number < index);
      receipts[number] ??= answer.body.id;
      expect(answer.body.id).toBe(receipts[number]);
    }
    sidecar.signal("SIGTERM");
    await sidecar.ended;
  }
  expect(world.broker.orders()).toHaveLength(stores.length);
});
