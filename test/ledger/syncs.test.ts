import { describe, expect, test } from "vitest";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { openAlone, openDatabase } from "../../src/ledger/sqlite/open-database.ts";
import { foldEvents } from "./fold.ts";
import { openLedger } from "./open-ledger.ts";
import { ACCOUNT } from "./sample-commands.ts";
import { countSyncs, tracingTrouble } from "./system-calls.ts";
import { temporaryFile } from "./temporary-folder.ts";

/** How often sync-phases.mjs claims in one phase. */
const CLAIMS = 20;
const trouble = tracingTrouble();

if (trouble !== undefined) {
  const hidden = process.env.CI === undefined;
  test.skipIf(hidden)(`fsyncs can be counted (${trouble})`, () => {
    expect.fail(`fsyncs cannot be counted, and in CI they must be: ${trouble}`);
  });
}

// What comes of it only a Mac whose power fails could show.
test("an fsync is asked to go through the drive's own cache, which it does not on macOS", () => {
  const file = temporaryFile();
  for (const open of [openDatabase, openAlone]) {
    const database = open(file);
    const names = ["synchronous", "fullfsync", "checkpoint_fullfsync"];
    const set = names.map((name) => database.pragma(name, { simple: true }));
    database.close();
    expect(set).toEqual([2, 1, 1]);
  }
});

describe.skipIf(trouble !== undefined)("the fsyncs that strace sees", () => {
  test("are one for each claim, on a fresh file and on one that is opened again", () => {
    const file = temporaryFile();
    const phases = ["open", "claims one at a time", "close"];
    expect(countSyncs(file, phases).syncs["claims one at a time"]).toBe(CLAIMS);
    expect(countSyncs(file, phases).syncs["claims one at a time"]).toBe(CLAIMS);
  });

  test("are one for all claims of a turn, and none for records and repeats", () => {
    const phases = ["open", "claims in one turn", "answers", "fills", "repeats", "close"];
    const { syncs } = countSyncs(temporaryFile(), phases);
    expect(syncs["claims in one turn"]).toBe(1);
    expect(syncs.answers).toBeUndefined();
    expect(syncs.fills).toBeUndefined();
    expect(syncs.repeats).toBeUndefined();
  });

  test("are one for each refusal, which nobody could tell again", () => {
    const phases = ["open", "claims in one turn", "refusals", "close"];
    // One more claim is made by the opening itself.
    expect(countSyncs(temporaryFile(), phases).syncs.refusals).toBe(CLAIMS + 1);
  });

  test("are one before events that were recorded without one are shown, and no more", () => {
    const phases = ["open", "claims in one turn", "answers", "events", "events again", "close"];
    const { syncs } = countSyncs(temporaryFile(), phases);
    expect(syncs.answers).toBeUndefined();
    expect(syncs.events).toBe(1);
    expect(syncs["events again"]).toBeUndefined();
  });

  test("are made anew by an opening that cannot know what another one synced", () => {
    const phases = ["open", "answers", "events", "open beside", "events beside"];
    const { syncs } = countSyncs(temporaryFile(), phases);
    // One for the events, one for the folder in which this connection's WAL file stands.
    expect(syncs["events beside"]).toBe(2);
  });

  test("are one for a closing that leaves records to another opening", () => {
    const phases = ["open", "open beside", "answers", "close", "close beside"];
    const { syncs } = countSyncs(temporaryFile(), phases);
    expect(syncs.answers).toBeUndefined();
    expect(syncs.close).toBe(1);
  });
});

describe.skipIf(trouble !== undefined)("when an fsync fails", () => {
  /** A sync after those of `phases` before it, and in the midst of the claims. */
  const IN_THE_MIDST = 10;

  function syncsOfOpening(): number {
    return countSyncs(temporaryFile(), ["open"]).syncs.open ?? 0;
  }

  test("its claim is refused, and the next waits until the rest is safe in the file", async () => {
    const file = temporaryFile();
    const phases = ["open", "claims, failures counted", "close"];
    const failing = `fsync,fdatasync:error=EIO:when=${syncsOfOpening() + IN_THE_MIDST}`;
    const { syncs, output } = countSyncs(file, phases, failing);
    expect(output.trim().split("\n")).toEqual([
      `store_failed: the ledger ${file} failed: disk I/O error (SQLITE_IOERR_FSYNC)`,
    ]);
    // Besides one for each claim: WAL and file at the move, and the head of the new WAL.
    expect(syncs["claims, failures counted"]).toBe(CLAIMS + 3);
    const ledger = openLedger(file);
    expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: CLAIMS });
    expect(firstBreak(await ledger.events())).toBeUndefined();
  });

  test("and goes on failing, no claim is granted at all", async () => {
    const file = temporaryFile();
    const failing = `fsync,fdatasync:error=EIO:when=${syncsOfOpening() + 1}+`;
    const { output } = countSyncs(file, ["open", "claims, failures counted"], failing);
    const lines = output.trim().split("\n");
    expect(lines).toHaveLength(CLAIMS);
    expect(lines.filter((line) => !line.startsWith("store_failed: "))).toEqual([]);
    const ledger = openLedger(file);
    const events = await ledger.events();
    expect(firstBreak(events)).toBeUndefined();
    for (const claim of foldEvents(events).claims) {
      expect(await ledger.claimOf(claim.key)).toEqual(claim);
    }
  });

  describe("where the log is moved into the file", () => {
    /** The first one behind that of the claims is that of the WAL, the second that of the file. */
    const failing = (nth: number) => `fsync,fdatasync:error=EIO:when=${syncsOfOpening() + 1 + nth}`;

    test.each([1, 2])("as its number %i, the next claim waits for all of it", async (nth) => {
      const file = temporaryFile();
      const moved = ["open", "log grown", "claims in one turn", "turn of the loop"];
      const phases = [...moved, "claims, failures counted", "close"];
      const { syncs, output } = countSyncs(file, phases, failing(nth));
      expect(output).toBe("");
      expect(syncs["claims in one turn"]).toBe(1);
      expect(syncs["turn of the loop"]).toBe(nth);
      // Besides one for each claim: WAL and file, and the head of the new WAL, as above.
      expect(syncs["claims, failures counted"]).toBe(CLAIMS + 3);
      const ledger = openLedger(file);
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: 1 + 2 * CLAIMS });
      expect(firstBreak(await ledger.events())).toBeUndefined();
    });

    test("and while somebody's reading holds that up, no claim is granted", async () => {
      const file = temporaryFile();
      const claim = "claim, failure told";
      const moved = ["log grown", "claims in one turn", "turn of the loop"];
      const phases = ["open", "read beside", ...moved, claim, "no longer read", claim, "close"];
      const { output } = countSyncs(file, phases, failing(1));
      expect(output).toBe("store_busy\n");
      const ledger = openLedger(file);
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: CLAIMS + 2 });
      expect(firstBreak(await ledger.events())).toBeUndefined();
    });
  });
});
