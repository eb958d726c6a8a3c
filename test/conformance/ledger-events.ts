/** The event log: complete, chained, and only what is on disk. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { describe, expect, test } from "vitest";
import type { LedgerEvent } from "../../src/claim/claim-event.ts";
import type { AccountId } from "../../src/core/ids.ts";
import {
  accountOf,
  EMPTY_LOG,
  firstBreak,
  followChain,
  GENESIS_HASH,
} from "../../src/ledger/event-chain.ts";
import type { Ledger, Note } from "../../src/ledger/ledger.ts";
import { foldEvents } from "../ledger/fold.ts";
import { mixedHistory } from "../ledger/mixed-history.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  claimCommand,
  filledOrder,
  orderRead,
  pendingNote,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const sha256 = (text = "") => createHash("sha256").update(text).digest("hex");

export function testsOfEvents(storeOfTest: StoreOfTest): void {
  describe("the event log", () => {
    test("is chained without a gap over all openings of the store", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      for (let round = 1; round <= 5; round += 1) {
        const claim = await claimed(ledger, claimCommand({ quantity: String(round) }));
        await other.record(claim.key, accepted(claim));
        await ledger.record(claim.key, orderRead(filledOrder(claim, String(round))));
      }
      const events = await other.events();
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
      expect(events.length).toBeGreaterThan(20);
      expect(firstBreak(events)).toBeUndefined();
    });

    test("tells the latest time in it, whichever machine's clock gave it", async () => {
      const { ledger, another, look } = await storeOfTest();
      expect(await ledger.lastEventAt()).toBeUndefined();
      const behind = await another();
      await claimed(ledger, claimCommand({ quantity: "1" }, { now: START + 60_000 }));
      await claimed(behind, claimCommand({ quantity: "2" }, { now: START }));
      for (const opening of [ledger, behind]) {
        expect(await opening.lastEventAt()).toBe(START + 60_000);
      }
      // The doctor finds what a start would.
      if (look) expect(await look()).toMatchObject({ lastEventAt: START + 60_000 });
    });

    test("chains each account's events by themselves, whichever opening wrote them", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      const beside = "account-2" as AccountId;
      for (let round = 1; round <= 3; round += 1) {
        const quantity = String(round);
        await claimed(ledger, claimCommand({ quantity }));
        const claim = await claimed(other, claimCommand({ quantity }, { account: beside }));
        await ledger.record(claim.key, accepted(claim));
      }
      const events = await other.events();
      expect(firstBreak(events)).toBeUndefined();
      for (const account of [ACCOUNT, beside]) {
        const own = events.filter((event) => accountOf(event) === account);
        expect(own.length).toBeGreaterThan(2);
        const hashes = [GENESIS_HASH, ...own.map(({ hash }) => hash)];
        expect(own.map(({ previousHash }) => previousHash)).toEqual(hashes.slice(0, -1));
        for (const { hash, ...event } of own) expect(hash).toBe(sha256(canonicalize(event)));
      }
    });

    test("is read in pages that continue one another", async () => {
      const { ledger } = await storeOfTest();
      await mixedHistory(ledger);
      const all = await ledger.events();
      const first = await ledger.events({ limit: 4 });
      const rest = await ledger.events({ after: 4 });
      expect([...first, ...rest]).toEqual(all);
      const begun = followChain(EMPTY_LOG, first);
      const end = begun.kind === "continues" ? begun.end : EMPTY_LOG;
      expect(end.sequence).toBe(4);
      expect(followChain(end, rest)).toMatchObject({ kind: "continues" });
      expect(await ledger.events({ after: all.length })).toEqual([]);
    });

    test("gives back every claim and book when it is folded", async () => {
      const { ledger, reopen } = await storeOfTest();
      await mixedHistory(ledger);
      const again = await reopen();
      const { claims, books } = foldEvents(await again.events());
      expect(claims.length).toBeGreaterThan(7);
      for (const claim of claims) expect(await again.claimOf(claim.key)).toEqual(claim);
      expect(await again.books(ACCOUNT)).toEqual(books);
      const counted = Object.values(await again.countByStatus(ACCOUNT));
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(claims.length);
    });

    test("keeps text that needs care in canonical JSON", async () => {
      const { ledger, reopen } = await storeOfTest();
      const requestId = 'a\u0000b "quoted" \\ é 😀 \u2028';
      const claim = await claimed(ledger, claimCommand({ requestId, reason: "1e21 \ufeff" }));
      const again = await reopen();
      expect(await again.claimOf(claim.key)).toEqual(claim);
      expect(firstBreak(await again.events())).toBeUndefined();
    });
  });

  describe("a note", () => {
    test("is not in the store before a second has passed, and then it is", async () => {
      const { ledger, clock, another } = await storeOfTest();
      const other = await another();
      const claim = await claimed(ledger, claimCommand());
      ledger.note(pendingNote(claim), START);
      clock.advanceTo(START + 999);
      await queueIsEmpty(ledger);
      expect(await typesOf(other)).toEqual(["claimed"]);
      clock.advanceTo(START + 1_000);
      await queueIsEmpty(ledger);
      expect(await typesOf(other)).toEqual(["claimed", "repeat_answered"]);
      expect(clock.nextWakeAt()).toBeUndefined();
    });

    test("is in the answer of the next events, with the time that it was given", async () => {
      const { ledger, clock } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      ledger.note(pendingNote(claim), START + 7);
      const last = (await ledger.events()).at(-1);
      expect(last).toMatchObject({ at: START + 7, body: { type: "repeat_answered" } });
      expect(clock.nextWakeAt()).toBeUndefined();
    });

    test("is written by close", async () => {
      const { ledger, reopen } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      ledger.note(pendingNote(claim), START);
      expect(await typesOf(await reopen())).toEqual(["claimed", "repeat_answered"]);
    });

    test("about an intent that was turned away is kept with its symbol", async () => {
      const { ledger } = await storeOfTest();
      ledger.note(blockedNote("a reason"), START);
      expect(await ledger.events()).toMatchObject([{ subject: "book", symbol: "TQQQ" }]);
      expect(await ledger.books(ACCOUNT)).toEqual([]);
    });

    test("that cannot be written holds up no other", async () => {
      const { ledger } = await storeOfTest();
      ledger.note(blockedNote("\ud800"), START);
      ledger.note(blockedNote("well formed"), START);
      expect(await typesOf(ledger)).toEqual(["intent_blocked"]);
    });

    test("among thousands is written in its turn, and none is lost", async () => {
      const { ledger } = await storeOfTest();
      for (let count = 1; count <= 2_500; count += 1) ledger.note(blockedNote(`${count}`), START);
      const events = await ledger.events({ limit: 5_000 });
      const reasons = events.map(({ body }) => "intent" in body && body.intent.reason);
      expect(reasons).toEqual(Array.from({ length: 2_500 }, (_, index) => `${index + 1}`));
    });
  });
}

function blockedNote(reason: string): Note {
  const intent = { ...claimCommand({ side: "sell", effect: "close" }).intent, reason };
  const body = { type: "intent_blocked", intent, code: "close_while_flat", cause: null } as const;
  return { subject: "book", account: ACCOUNT, symbol: "TQQQ", body };
}

/** What was queued before it is committed when this resolves: it stands behind it in the queue. */
async function queueIsEmpty(ledger: Ledger): Promise<void> {
  await ledger.adoptOpening(ACCOUNT, [], START);
  await ledger.adoptOpening(ACCOUNT, [], START);
}

async function typesOf(ledger: Ledger): Promise<readonly LedgerEvent["body"]["type"][]> {
  return (await ledger.events()).map(({ body }) => body.type);
}
