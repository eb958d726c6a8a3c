/** What a ledger puts off is done in the turns that it is given, and nowhere else. */
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { Database } from "../sqlite-database.ts";
import { openLedger } from "./open-ledger.ts";
import { ACCOUNT, accepted, claimCommand, START } from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** A ledger whose turns come when `take` is called, all that were asked for by then. */
function turnedLedger(file: string): { ledger: Ledger; take: () => void } {
  const asked: (() => void)[] = [];
  const take = () => {
    for (const action of asked.splice(0)) action();
  };
  const ledger = openSqliteLedger(file, new ManualClock(START), undefined, (action) => {
    asked.push(action);
  });
  onTestFinished(async () => {
    const closed = ledger.close();
    for (let open = true; open; ) {
      take();
      open = await Promise.race([closed.then(() => false), eventLoop().then(() => true)]);
    }
  });
  return { ledger, take };
}

function eventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function eventsIn(file: string): number {
  const database = new Database(file, { readonly: true });
  const count = database.prepare("SELECT count(*) FROM events").pluck().get() as number;
  database.close();
  return count;
}

test("a claim is written, and answered, in the turn that the ledger was given for it", async () => {
  const file = temporaryFile();
  const { ledger, take } = turnedLedger(file);
  let isAnswered = false;
  const answer = ledger.claim(claimCommand()).then((decision) => {
    isAnswered = true;
    return decision;
  });
  for (let turns = 0; turns < 3; turns += 1) await eventLoop();
  expect({ isAnswered, events: eventsIn(file) }).toEqual({ isAnswered: false, events: 0 });
  take();
  expect(eventsIn(file)).toBe(1);
  expect((await answer).kind).toBe("proceed");
});

test("a process without turns leaves what it has told ahead unwritten, as a dead one does", async () => {
  const file = temporaryFile();
  const { ledger, take } = turnedLedger(file);
  const answer = ledger.claim(claimCommand());
  take();
  const decision = await answer;
  if (decision.kind !== "proceed") throw new Error(decision.kind);
  await ledger.record(decision.claim.key, accepted(decision.claim));
  for (let turns = 0; turns < 3; turns += 1) await eventLoop();
  expect(eventsIn(file)).toBe(1);
  const other = openLedger(file);
  expect(await other.unsettledClaims(ACCOUNT)).toMatchObject([{ status: "OPEN" }]);
});
