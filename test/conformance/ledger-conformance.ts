/**
 * What every store must do, whatever it is made of. A store is tested by calling this with a way to
 * open it; each test gets a store of its own, empty, with a clock that stands still.
 */
import { describe, expect, onTestFinished, test } from "vitest";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { ACCOUNT, accepted, claimCommand, pendingNote, START } from "../ledger/sample-commands.ts";
import { testsOfAudit } from "./audit-of-ledger.ts";
import { testsOfClaims } from "./ledger-claims.ts";
import { testsOfCombos } from "./ledger-combos.ts";
import { testsOfEarlierReads } from "./ledger-earlier-reads.ts";
import { testsOfEvents } from "./ledger-events.ts";
import { testsOfFamilies } from "./ledger-families.ts";
import { testsOfGuards } from "./ledger-guards.ts";
import { testsOfIncidents } from "./ledger-incidents.ts";
import { testsOfLists } from "./ledger-lists.ts";
import { testsOfOperator } from "./ledger-operator.ts";
import { testsOfRecords } from "./ledger-records.ts";
import { testsOfScans } from "./ledger-scans.ts";
import { testsOfSidesAlone } from "./ledger-side-alone.ts";
import type { OpenStore, StoreOfTest } from "./open-store.ts";

export function ledgerConformance(name: string, open: () => Promise<OpenStore>): void {
  const storeOfTest = async () => {
    const store = await open();
    onTestFinished(() => store.destroy());
    return store;
  };
  describe(name, () => {
    testsOfClaims(storeOfTest);
    testsOfCombos(storeOfTest);
    testsOfSidesAlone(storeOfTest);
    testsOfRecords(storeOfTest);
    testsOfFamilies(storeOfTest);
    testsOfEvents(storeOfTest);
    testsOfLists(storeOfTest);
    testsOfScans(storeOfTest);
    testsOfIncidents(storeOfTest);
    testsOfEarlierReads(storeOfTest);
    testsOfOperator(storeOfTest);
    testsOfGuards(storeOfTest);
    testsOfAudit(storeOfTest);
    testsOfClosing(storeOfTest);
  });
}

function testsOfClosing(storeOfTest: StoreOfTest): void {
  describe("a ledger that is closed", () => {
    test("can be closed again, also while it is closing", async () => {
      const { ledger } = await storeOfTest();
      await expect(Promise.all([ledger.close(), ledger.close()])).resolves.toBeDefined();
      await expect(ledger.close()).resolves.toBeUndefined();
    });

    test("has done what was asked of it before", async () => {
      const { ledger, another } = await storeOfTest();
      const opened = ledger.adoptOpening(ACCOUNT, [], START);
      const claim = ledger.claim(claimCommand());
      await ledger.close();
      await expect(opened).resolves.toBe(true);
      await expect(claim).resolves.toMatchObject({ kind: "proceed" });
      expect(await (await another()).countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
    });

    test("rejects every call with store_closed, from the call of close on", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      const calls: readonly (() => Promise<unknown>)[] = [
        () => ledger.claim(claimCommand()),
        () => ledger.record(claim.key, accepted(claim)),
        () => ledger.adoptOpening(ACCOUNT, [], START),
        () => ledger.claimOf(claim.key),
        () => ledger.claims({ account: ACCOUNT }),
        () => ledger.unsettledClaims(ACCOUNT),
        () => ledger.countByStatus(ACCOUNT),
        () => ledger.book(ACCOUNT, "TQQQ"),
        () => ledger.books(ACCOUNT),
        () => ledger.events(),
        () => ledger.lastSequence(),
        () =>
          ledger.scan({ account: ACCOUNT, after: 0, before: 1, order: "newest_first", limit: 1 }),
      ];
      const closing = ledger.close();
      const during = await Promise.all(calls.map((call) => latchError(call)));
      await closing;
      const afterwards = await Promise.all(calls.map((call) => latchError(call)));
      const codes = [...during, ...afterwards].map(({ code }) => code);
      expect(new Set(codes)).toEqual(new Set(["store_closed"]));
    });

    test("takes no notes and wakes for none", async () => {
      const { ledger, clock, another } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      ledger.note(pendingNote(claim), START);
      await ledger.close();
      ledger.note(pendingNote(claim), START);
      expect(clock.nextWakeAt()).toBeUndefined();
      const events = await (await another()).events();
      expect(events.map(({ body }) => body.type)).toEqual(["claimed", "repeat_answered"]);
    });
  });
}
