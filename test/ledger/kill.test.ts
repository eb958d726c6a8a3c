import { describe, expect, test } from "vitest";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { foldEvents } from "./fold.ts";
import { LedgerProcess } from "./ledger-process.ts";
import { openLedger } from "./open-ledger.ts";
import { ACCOUNT, accepted, START } from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

const FIELDS = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6" } as const;

describe("after kill -9 of its process", () => {
  test("a claim that was answered is in the file, round after round", async () => {
    const file = temporaryFile();
    for (let round = 1; round <= 10; round += 1) {
      const process = await LedgerProcess.start();
      await process.ask("open", { file });
      const fields = { ...FIELDS, quantity: String(round) };
      const { claim } = await process.ask("claim", { fields, now: START });
      await process.kill();
      const ledger = openLedger(file);
      expect(await ledger.claimOf(claim.key)).toEqual(claim);
      expect(firstBreak(await ledger.events())).toBeUndefined();
      await ledger.close();
    }
  });

  test("the ledger agrees with itself, whatever was recorded without an fsync", async () => {
    const file = temporaryFile();
    const process = await LedgerProcess.start();
    await process.ask("open", { file });
    const { claim } = await process.ask("claim", { fields: FIELDS, now: START });
    await process.ask("record", { key: claim.key, command: accepted(claim) });
    // Not awaited: the process dies somewhere in the middle of these.
    const dying = [1, 2, 3].map((quantity) =>
      process.ask("claim", { fields: { ...FIELDS, quantity }, now: START }).catch(() => undefined),
    );
    await process.kill();
    await Promise.all(dying);
    const ledger = openLedger(file);
    const events = await ledger.events();
    expect(firstBreak(events)).toBeUndefined();
    const { claims, books } = foldEvents(events);
    expect(claims.map(({ key }) => key)).toContainEqual(claim.key);
    for (const folded of claims) expect(await ledger.claimOf(folded.key)).toEqual(folded);
    expect(await ledger.books(ACCOUNT)).toEqual(books);
  });

  test("its claim is live for the next process, which may not send it", async () => {
    const file = temporaryFile();
    const first = await LedgerProcess.start();
    await first.ask("open", { file });
    const fields = { ...FIELDS, requestId: "r-1" };
    await first.ask("claim", { fields, now: START });
    await first.kill();
    const second = await LedgerProcess.start();
    await second.ask("open", { file });
    expect(await second.ask("claim", { fields, now: START })).toMatchObject({ kind: "pending" });
  });
});
