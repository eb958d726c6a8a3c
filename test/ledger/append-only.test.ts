import { describe, expect, test } from "vitest";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { Database } from "../sqlite-database.ts";
import { claimed, latchError, openLedger } from "./open-ledger.ts";
import { accepted, claimCommand } from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** A ledger file with eight events and nobody in it. */
async function historyFile(): Promise<string> {
  const file = temporaryFile();
  const ledger = openLedger(file);
  for (const quantity of ["1", "2"]) {
    const claim = await claimed(ledger, claimCommand({ quantity }));
    await ledger.record(claim.key, accepted(claim));
  }
  await ledger.close();
  return file;
}

/** What somebody with the file and a database tool can do, the triggers out of the way. */
function tamper(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(`
    DROP TRIGGER events_are_only_appended;
    DROP TRIGGER events_are_never_changed;
    DROP TRIGGER events_are_never_deleted;
    ${sql}`);
  database.close();
}

async function breakOf(file: string): Promise<number | undefined> {
  const ledger = openLedger(file);
  return firstBreak(await ledger.events());
}

describe("the events", () => {
  test.each([
    "UPDATE events SET body = '{}' WHERE sequence = 3",
    "UPDATE events SET at = at",
    "DELETE FROM events WHERE sequence = 3",
    "DELETE FROM events",
    `INSERT INTO events SELECT sequence + 1000, at, subject, account, agent, request_id, symbol,
       body, previous_hash, hash FROM events`,
    "REPLACE INTO events SELECT * FROM events WHERE sequence = 3",
  ])("refuse %s", async (sql) => {
    const file = await historyFile();
    const database = new Database(file);
    expect(() => database.exec(sql)).toThrow("events are append-only");
    database.close();
    expect(await breakOf(file)).toBeUndefined();
  });

  test.each([
    [
      "a changed body",
      "UPDATE events SET body = json_set(body, '$.type', 'sealed') WHERE sequence = 3",
      3,
    ],
    ["a changed time", "UPDATE events SET at = at + 1 WHERE sequence = 4", 4],
    ["another symbol", "UPDATE events SET symbol = 'SQQQ' WHERE sequence = 2", 2],
    ["another claim", "UPDATE events SET request_id = 'r' WHERE sequence = 2", 2],
    ["a missing event", "DELETE FROM events WHERE sequence = 3", 3],
    ["a missing first event", "DELETE FROM events WHERE sequence = 1", 1],
    [
      "a missing event whose place was closed",
      `DELETE FROM events WHERE sequence = 3;
       UPDATE events SET sequence = sequence - 1 WHERE sequence > 3`,
      3,
    ],
    [
      "two that were swapped",
      `UPDATE events SET sequence = 100 WHERE sequence = 2;
       UPDATE events SET sequence = 2 WHERE sequence = 3;
       UPDATE events SET sequence = 3 WHERE sequence = 100`,
      2,
    ],
    ["a forged hash", "UPDATE events SET hash = previous_hash WHERE sequence = 4", 4],
    [
      "one hash forged and the next made to fit",
      `UPDATE events SET hash = '${"a".repeat(64)}' WHERE sequence = 4;
       UPDATE events SET previous_hash = '${"a".repeat(64)}' WHERE sequence = 5`,
      4,
    ],
  ])("show %s at its place", async (_, sql, sequence) => {
    const file = await historyFile();
    tamper(file, sql);
    expect(await breakOf(file)).toBe(sequence);
  });

  test("that are no longer JSON are named as damage", async () => {
    const file = await historyFile();
    tamper(file, "UPDATE events SET body = 'x' WHERE sequence = 3");
    const error = await latchError(() => openLedger(file).events());
    expect(error.code).toBe("store_corrupt");
    expect(error.message).toBe(`the ledger ${file} is damaged: event 3 is not JSON`);
  });
});
