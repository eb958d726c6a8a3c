/** Claims: one caller gets `proceed`, and every other one is told why it does not. */
import { describe, expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import type { AgentId, OwnerId } from "../../src/core/ids.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  ambiguous,
  brokerOrder,
  claimCommand,
  filledOrder,
  notSent,
  orderRead,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import type { OpenStore, StoreOfTest } from "./open-store.ts";

/** Of all that is held in the position's life of that number. */
function closeOfAll(episode: number) {
  const fromTheBook = { side: undefined, effect: undefined, quantity: undefined };
  return claimCommand({ ...fromTheBook, portion: "all", anchor: { episode, leg: "stop" } });
}

/** A ledger whose short of five is being closed. */
async function closeOfShort({ ledger }: OpenStore) {
  const short = { symbol: "TQQQ", quantity: decimal("-5"), averagePrice: decimal("70") };
  await ledger.adoptOpening(ACCOUNT, [short], START);
  const close = closeOfAll(1);
  return { ledger, close, first: await claimed(ledger, close) };
}

export function testsOfClaims(storeOfTest: StoreOfTest): void {
  describe("a claim", () => {
    test("is answered with proceed and is there after a reopening", async () => {
      const { ledger, reopen } = await storeOfTest();
      const decision = await ledger.claim(claimCommand({ requestId: "r-1" }));
      expect(decision).toMatchObject({ kind: "proceed", reopened: false });
      if (decision.kind !== "proceed") return;
      const again = await reopen();
      expect(await again.claimOf(decision.claim.key)).toEqual(decision.claim);
    });

    test("is found under its own account and agent only", async () => {
      const { ledger } = await storeOfTest();
      const { key } = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      expect(await ledger.claimOf({ ...key, agent: "another" as typeof key.agent })).toBe(
        undefined,
      );
      expect(await ledger.claimOf({ ...key, account: "another" as typeof key.account })).toBe(
        undefined,
      );
    });

    test("of all of a position is the anchor's one action on whichever side that is by now", async () => {
      const { ledger, close, first } = await closeOfShort(await storeOfTest());
      expect(first.intent).toMatchObject({ side: "buy", quantity: "5" });
      expect(await ledger.claim(close)).toMatchObject({ kind: "pending" });
      await ledger.record(first.key, orderRead(filledOrder(first, "5")));
      const told = { kind: "skip", claim: { key: first.key } };
      expect(await ledger.claim(close)).toMatchObject(told);
      const entry = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
      expect(await ledger.claim(close)).toMatchObject(told);
      expect((await claimed(ledger, closeOfAll(2))).intent).toMatchObject({
        side: "sell",
        quantity: "6",
      });
    });

    test("of all of a position that came to nothing on one side is made on the other", async () => {
      const { ledger, close, first } = await closeOfShort(await storeOfTest());
      await ledger.record(first.key, notSent(first));
      const cover = { side: "buy", effect: "close", quantity: "5", requestId: "r-1" } as const;
      const other = await claimed(ledger, claimCommand(cover));
      await ledger.record(other.key, orderRead(filledOrder(other, "5")));
      const entry = await claimed(ledger, claimCommand({ requestId: "r-2" }));
      await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
      expect((await claimed(ledger, close)).intent).toMatchObject({ side: "sell", quantity: "6" });
    });

    test("of a close is kept back by an open that nobody knows of, whichever agent's, and made once it is known", async () => {
      const { ledger, another } = await storeOfTest();
      const entry = claimCommand({ requestId: "r-1" }, { agent: "another" as AgentId });
      const open = await claimed(ledger, entry);
      await ledger.record(open.key, ambiguous(open));
      const sell = { side: "sell", effect: "close", requestId: "r-2" } as const;
      const fromTheBook = { side: undefined, effect: undefined, quantity: undefined };
      const closes = [
        claimCommand(sell),
        claimCommand({ ...fromTheBook, portion: "all" }),
        closeOfAll(1),
      ];
      for (const close of closes) {
        for (const store of [ledger, await another()]) {
          expect(await store.claim(close)).toMatchObject({
            kind: "blocked",
            block: { code: "not_sent", cause: open.key },
            claim: null,
          });
        }
      }
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ IN_RECONCILIATION: 1 });
      await ledger.record(open.key, orderRead(filledOrder(open, "6")));
      const made = await claimed(ledger, closeOfAll(1));
      expect(made.intent).toMatchObject({ side: "sell", quantity: "6" });
    });

    test("of a close like the last one is not that one while an open at work is unread", async () => {
      const { ledger } = await storeOfTest();
      const entry = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
      const close = claimCommand({ side: "sell", effect: "close", requestId: undefined });
      const last = await claimed(ledger, close);
      await ledger.record(last.key, orderRead(filledOrder(last, "6")));
      const open = await claimed(ledger, claimCommand({ requestId: "r-2" }));
      await ledger.record(open.key, orderRead(brokerOrder(open)));
      const inDoubt = { kind: "blocked", block: { code: "not_sent", cause: open.key } };
      for (const unread of [undefined, "all", [open]] as const) {
        expect(await ledger.claim({ ...close, unread })).toMatchObject(inDoubt);
      }
      const told = { kind: "skip", claim: { key: last.key } };
      expect(await ledger.claim({ ...close, unread: [] })).toMatchObject(told);
      await ledger.record(open.key, orderRead(filledOrder(open, "6")));
      expect((await claimed(ledger, { ...close, unread: undefined })).episode).toBe(2);
    });

    test("of one id by ten callers in one turn has exactly one that proceeds", async () => {
      const { ledger } = await storeOfTest();
      const callers = Array.from({ length: 10 }, (_, index) =>
        ledger.claim(claimCommand({ requestId: "r-1" }, { owner: `caller-${index}` as OwnerId })),
      );
      const kinds = (await Promise.all(callers)).map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "proceed")).toHaveLength(1);
      expect(kinds.filter((kind) => kind === "pending")).toHaveLength(9);
    });

    test("of equal intents without an id in one turn has exactly one that proceeds", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      const callers = [ledger, other, ledger, other].map((store) => store.claim(claimCommand()));
      const kinds = (await Promise.all(callers)).map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(["pending", "pending", "pending", "proceed"]);
    });

    test("with an id of its own meets an order of its episode whose shares are missing, and none of another", async () => {
      const { ledger } = await storeOfTest();
      const missing = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      const unpriced = { ...filledOrder(missing, "6"), filledAveragePrice: null };
      const { claim } = await ledger.record(missing.key, orderRead(unpriced));
      expect(claim).toMatchObject({ status: "FINAL", told: null });
      const open = await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "7" }));
      await ledger.record(open.key, orderRead(filledOrder(open, "7")));
      const again = claimCommand({ requestId: "r-4" });
      expect(await ledger.claim(again)).toMatchObject({
        kind: "skip",
        claim: { key: missing.key },
      });
      const exit = { side: "sell", effect: "close", quantity: "7", requestId: "r-3" } as const;
      const close = await claimed(ledger, claimCommand(exit));
      await ledger.record(close.key, orderRead(filledOrder(close, "7")));
      expect(await ledger.claim(again)).toMatchObject({ kind: "proceed" });
    });

    test("that breaks an invariant fails alone, its neighbours of the turn are kept", async () => {
      const { ledger } = await storeOfTest();
      const halfMillisecond = claimCommand({ requestId: "r-2" }, { now: START + 0.5 });
      const [first, second, third] = await Promise.allSettled([
        ledger.claim(claimCommand({ requestId: "r-1", quantity: "1" })),
        ledger.claim(halfMillisecond),
        ledger.claim(claimCommand({ requestId: "r-3", quantity: "3" })),
      ]);
      expect([first.status, second.status, third.status]).toEqual([
        "fulfilled",
        "rejected",
        "fulfilled",
      ]);
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: 2 });
    });
  });

  describe("a repeat", () => {
    test("of a claim that is live is pending, with the claim as it is", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      const repeat = () => ledger.claim(claimCommand({ requestId: "r-1" }));
      expect(await repeat()).toEqual({ kind: "pending", claim, phase: "in_flight" });
      await ledger.record(claim.key, ambiguous(claim));
      expect(await repeat()).toMatchObject({ kind: "pending", phase: "unknown" });
      await ledger.record(claim.key, orderRead(brokerOrder(claim)));
      expect(await repeat()).toMatchObject({ kind: "pending", phase: "working" });
    });

    test("of a claim that is settled is skipped with its receipt, also once reopened", async () => {
      const { ledger, reopen } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      await ledger.record(claim.key, accepted(claim));
      await ledger.record(claim.key, orderRead(filledOrder(claim, "6", "50")));
      const repeat = await (await reopen()).claim(claimCommand({ requestId: "r-1" }));
      expect(repeat).toMatchObject({
        kind: "skip",
        receipt: { requestId: "r-1", outcome: "filled", filledQuantity: "6", averagePrice: "50" },
      });
    });

    test("with other terms is blocked and names the field", async () => {
      const { ledger } = await storeOfTest();
      await claimed(ledger, claimCommand({ requestId: "r-1" }));
      const repeat = await ledger.claim(claimCommand({ requestId: "r-1", quantity: "7" }));
      expect(repeat).toMatchObject({
        kind: "blocked",
        block: { code: "fingerprint_mismatch", difference: { field: "quantity" } },
      });
    });

    test("of a refused exit is blocked by its latch", async () => {
      const { ledger } = await storeOfTest();
      const entry = await claimed(ledger, claimCommand());
      await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
      const exit = claimCommand({ side: "sell", effect: "close", requestId: "exit" });
      const claim = await claimed(ledger, exit);
      await ledger.record(claim.key, refused(claim));
      expect(await ledger.claim(exit)).toMatchObject({
        kind: "blocked",
        block: { code: "exit_duplicate_after_422", cause: claim.key },
      });
    });

    test("of a claim that was not sent reopens it once, with the next fencing number", async () => {
      const { ledger, another } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      await ledger.record(claim.key, notSent(claim));
      const other = await another();
      const repeats = await Promise.all(
        [ledger, other].map((store) => store.claim(claimCommand({ requestId: "r-1" }))),
      );
      const [winner, ...more] = repeats.filter(({ kind }) => kind === "proceed");
      expect(more).toEqual([]);
      expect(winner).toMatchObject({
        reopened: true,
        claim: { fencing: 2, attempt: 1, clientOrderId: claim.clientOrderId },
      });
    });

    test("without an id belongs to the live twin, not to a later one that has ended", async () => {
      const { ledger } = await storeOfTest();
      const live = await claimed(ledger, claimCommand({ requestId: "r-1" }));
      await ledger.record(live.key, accepted(live));
      const ended = await claimed(ledger, claimCommand({ requestId: "r-2" }));
      await ledger.record(ended.key, refused(ended));
      expect(await ledger.claim(claimCommand())).toMatchObject({
        kind: "pending",
        claim: { key: live.key },
      });
    });
  });

  describe("a close", () => {
    test("finds the shares that another live close holds reserved", async () => {
      const { ledger, another } = await storeOfTest();
      const entry = await claimed(ledger, claimCommand());
      await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
      const other = await another();
      const exits = await Promise.all([
        ledger.claim(claimCommand({ side: "sell", effect: "close", requestId: "exit-1" })),
        other.claim(claimCommand({ side: "sell", effect: "close", quantity: "5" })),
      ]);
      expect(exits.map(({ kind }) => kind).toSorted()).toEqual(["blocked", "proceed"]);
      const book = await ledger.book(ACCOUNT, "TQQQ");
      expect(book.reservations).toHaveLength(1);
    });
  });
}
