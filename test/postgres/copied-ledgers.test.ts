/** A ledger that was copied tells what the first one tells, and decides what that would have. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { copyStore } from "../../src/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { DrawnWalk, histories, type Step, told } from "../ledger/drawn-history.ts";
import { ACCOUNT, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { cases } from "../property-cases.ts";
import { newDatabase } from "./shared-server.ts";

const clock = new ManualClock(START);
const LATER = START + 3_600_000;

async function walked(walk: DrawnWalk, steps: readonly Step[], from: number) {
  const results: unknown[] = [];
  for (const [index, step] of steps.entries()) {
    results.push(await walk.take(step, from + index * 4_000));
  }
  return results;
}

test("whatever it holds, and in either direction", async () => {
  const run = async (before: readonly Step[], after: readonly Step[]) => {
    const [first, last, { url, drop }] = [temporaryFile(), temporaryFile(), await newDatabase()];
    const open: Ledger[] = [];
    const opened = (ledger: Ledger) => {
      open.push(ledger);
      return ledger;
    };
    try {
      const made = openSqliteLedger(first, clock);
      const history = new DrawnWalk([made]);
      await walked(history, before, START + 30_000);
      await made.rememberAccount("login", ACCOUNT);
      await made.keepCheckpoint({ sequence: 1, at: START, text: "{}" });
      await made.close();
      await copyStore(first, url, { clock });
      await copyStore(url, last, { clock });
      const [one, ...copies] = [
        opened(openSqliteLedger(first, clock)),
        opened(openPostgresLedger(url, systemClock)),
        opened(openSqliteLedger(last, clock)),
      ] as const;
      const held = await told(one);
      for (const copy of copies) expect(await told(copy)).toEqual(held);
      const decided = await walked(new DrawnWalk([one], history), after, LATER);
      const come = await told(one);
      for (const copy of copies) {
        expect(await walked(new DrawnWalk([copy], history), after, LATER)).toEqual(decided);
        expect(await told(copy)).toEqual(come);
      }
    } finally {
      for (const ledger of open) await ledger.close();
      await drop();
    }
  };
  await fc.assert(fc.asyncProperty(histories, histories, run), { numRuns: cases(6) });
});
