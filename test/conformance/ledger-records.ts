/** Records: what became of a claim, the book that it moves, and the questions about both. */
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import type { AccountId, AgentId } from "../../src/core/ids.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  absenceReads,
  accepted,
  ambiguous,
  brokerOrder,
  claimCommand,
  filledOrder,
  notSent,
  orderRead,
  POLICY,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const EXPIRED = START + POLICY.sendDeadlineMs + POLICY.postDeadlineMs;

export function testsOfRecords(storeOfTest: StoreOfTest): void {
  describe("a record", () => {
    test("of an acceptance makes the claim wait for its fills", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      const result = await ledger.record(claim.key, accepted(claim));
      expect(result).toMatchObject({
        kind: "recorded",
        changed: true,
        claim: { status: "IN_RECONCILIATION", told: "certain", orderStatus: "new" },
      });
      expect(await ledger.claimOf(claim.key)).toEqual(result.claim);
    });

    test("of an order's fills moves the book once, however often they are read", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, accepted(claim));
      for (const filled of ["2", "2", "6", "6", "2"]) {
        await ledger.record(claim.key, orderRead(filledOrder(claim, filled, "50")));
      }
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6", averagePrice: "50" });
      expect(await ledger.claimOf(claim.key)).toMatchObject({
        status: "SETTLED",
        outcome: "filled",
      });
    });

    test("that tells nothing new changes nothing and appends nothing", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, accepted(claim));
      const before = await ledger.events();
      const result = await ledger.record(claim.key, orderRead(brokerOrder(claim)));
      expect(result).toMatchObject({ kind: "recorded", changed: false });
      expect(await ledger.events()).toEqual(before);
    });

    test("of a refusal settles an open and latches a close", async () => {
      const { ledger } = await storeOfTest();
      const open = await claimed(ledger, claimCommand({ quantity: "1" }));
      expect((await ledger.record(open.key, refused(open))).claim).toMatchObject({
        status: "SETTLED",
        outcome: "rejected",
      });
      const entry = await claimed(ledger, claimCommand());
      await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
      const close = await claimed(ledger, claimCommand({ side: "sell", effect: "close" }));
      expect((await ledger.record(close.key, refused(close))).claim).toMatchObject({
        status: "IN_RECONCILIATION",
        outcome: null,
      });
    });

    test("that it was not sent settles the claim as that", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      const { claim: after } = await ledger.record(claim.key, notSent(claim));
      expect(after).toMatchObject({ status: "SETTLED", outcome: "not_sent" });
    });

    test("of reads that find nothing proves absence, and not before the last", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, ambiguous(claim, START + 100));
      const statuses = [];
      for (const read of absenceReads(START + 1_000)) {
        statuses.push((await ledger.record(claim.key, read)).claim.status);
      }
      expect(new Set(statuses.slice(0, -1))).toEqual(new Set(["IN_RECONCILIATION"]));
      expect(statuses.at(-1)).toBe("SETTLED");
      expect(await ledger.claimOf(claim.key)).toMatchObject({ outcome: "absent" });
    });

    test("of an expiry makes the outcome unknown, and not a moment too early", async () => {
      const { ledger } = await storeOfTest();
      const { key } = await claimed(ledger, claimCommand());
      const expiry = (now: number) =>
        ledger.record(key, { type: "expiry", postDeadlineMs: POLICY.postDeadlineMs, now });
      expect(await expiry(EXPIRED - 1)).toMatchObject({
        changed: false,
        claim: { status: "OPEN" },
      });
      expect(await expiry(EXPIRED)).toMatchObject({
        changed: true,
        claim: { status: "IN_RECONCILIATION" },
      });
    });

    test("that the caller was told to wait is kept with the claim", async () => {
      const { ledger } = await storeOfTest();
      const { key, fencing } = await claimed(ledger, claimCommand());
      const told = { type: "told", answer: "pending", fencing, now: START } as const;
      expect(await ledger.record(key, told)).toMatchObject({ claim: { told: "pending" } });
    });

    test("by a writer with an old fencing number is refused and changes nothing", async () => {
      const { ledger } = await storeOfTest();
      const old = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      await ledger.record(old.key, notSent(old));
      const renewed = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      const before = await ledger.events();
      for (const late of [accepted(old), refused(old), ambiguous(old), notSent(old)]) {
        expect(await ledger.record(old.key, late)).toEqual({ kind: "stale", claim: renewed });
      }
      expect(await ledger.claimOf(old.key)).toEqual(renewed);
      expect(await ledger.events()).toEqual(before);
    });

    test("does not take over an order that another agent's claim of the same id owns", async () => {
      const { ledger } = await storeOfTest();
      const own = { clientOrderId: "bot-1" };
      const first = await claimed(ledger, claimCommand(own));
      await ledger.record(first.key, accepted(first));
      const second = await claimed(ledger, claimCommand(own, { agent: "other-bot" as AgentId }));
      const taken = { kind: "id_taken", message: "client_order_id must be unique" } as const;
      await ledger.record(second.key, {
        type: "answer",
        fencing: second.fencing,
        outcome: taken,
        now: START,
        callerWaits: true,
      });
      const fill = filledOrder(first, "6");
      await ledger.record(first.key, orderRead(fill));
      await ledger.record(second.key, orderRead(fill));
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
      expect(await ledger.claimOf(second.key)).toMatchObject({ outcome: "rejected" });
    });

    test("on a claim that does not exist is a broken invariant", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      const key = { ...claim.key, requestId: "unknown" as typeof claim.key.requestId };
      await expect(ledger.record(key, accepted(claim))).rejects.toThrow("no claim unknown");
    });
  });

  describe("the opening positions", () => {
    const positions = [
      { symbol: "TQQQ", quantity: decimal("18"), averagePrice: decimal("61.25") },
      { symbol: "SQQQ", quantity: decimal("-3"), averagePrice: decimal("20") },
    ];

    test("are adopted once for each account, also when two openings do it at once", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      const adopted = await Promise.all(
        [ledger, other].map((store) => store.adoptOpening(ACCOUNT, positions, START)),
      );
      expect(adopted.toSorted()).toEqual([false, true]);
      expect(await ledger.adoptOpening(ACCOUNT, positions, START + 1)).toBe(false);
      expect(await ledger.adoptOpening("account-2" as AccountId, [], START)).toBe(true);
      const events = await ledger.events();
      expect(events.map(({ body }) => body.type)).toEqual(["opening_adopted", "opening_adopted"]);
    });

    test("are what the books hold, in the order of their symbols", async () => {
      const { ledger, reopen } = await storeOfTest();
      await ledger.adoptOpening(ACCOUNT, positions, START);
      const books = await (await reopen()).books(ACCOUNT);
      expect(books.map(({ symbol, net, averagePrice }) => [symbol, net, averagePrice])).toEqual([
        ["SQQQ", "-3", "20"],
        ["TQQQ", "18", "61.25"],
      ]);
    });
  });

  describe("the questions", () => {
    test("about a symbol that nobody traded get an empty book", async () => {
      const { ledger } = await storeOfTest();
      expect(await ledger.book(ACCOUNT, "SPY")).toMatchObject({ net: "0", episode: 0 });
      expect(await ledger.books(ACCOUNT)).toEqual([]);
    });

    test("about unsettled claims get the account's own, oldest first", async () => {
      const { ledger } = await storeOfTest();
      const [oldest, settled, youngest] = [
        await claimed(ledger, claimCommand({ requestId: "b", quantity: "1" })),
        await claimed(ledger, claimCommand({ requestId: "c", quantity: "2" })),
        await claimed(ledger, claimCommand({ requestId: "a", quantity: "3" })),
      ];
      const elsewhere = { account: "account-2" as AccountId };
      await claimed(ledger, claimCommand({ requestId: "d" }, elsewhere));
      await ledger.record(settled.key, notSent(settled));
      await ledger.record(oldest.key, accepted(oldest));
      const unsettled = await ledger.unsettledClaims(ACCOUNT);
      expect(unsettled.map(({ key }) => key)).toEqual([oldest.key, youngest.key]);
    });

    test("about unsettled claims include ended ones whose shares are not all booked", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      await ledger.record(claim.key, accepted(claim));
      const priceless = { ...filledOrder(claim, "6"), filledAveragePrice: null };
      await ledger.record(claim.key, orderRead(priceless));
      expect(await ledger.unsettledClaims(ACCOUNT)).toMatchObject([{ status: "FINAL" }]);
      await ledger.record(claim.key, orderRead(filledOrder(claim, "6")));
      expect(await ledger.unsettledClaims(ACCOUNT)).toEqual([]);
    });

    test("about statuses count the account's claims", async () => {
      const { ledger } = await storeOfTest();
      const settled = await claimed(ledger, claimCommand({ quantity: "1" }));
      await ledger.record(settled.key, notSent(settled));
      await claimed(ledger, claimCommand({ quantity: "2" }));
      await claimed(ledger, claimCommand({ quantity: "3" }));
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: 2, SETTLED: 1 });
      expect(await ledger.countByStatus("account-2" as AccountId)).toEqual({});
    });
  });
}
