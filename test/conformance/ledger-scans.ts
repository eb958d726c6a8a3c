/** Looks at a stretch of the event log: what fits, and how far each look came. */
import { describe, expect, test } from "vitest";
import type { AccountId, AgentId, RequestId } from "../../src/core/ids.ts";
import { SCAN_ROWS } from "../../src/ledger/event-scan.ts";
import type { EventScan, Ledger, StoredEvent } from "../../src/ledger/ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  BOT,
  claimCommand,
  pendingNote,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const OTHER_BOT = "other-bot" as AgentId;
const OTHER_ACCOUNT = "account-2" as AccountId;

export function testsOfScans(storeOfTest: StoreOfTest): void {
  describe("a look at the event log", () => {
    test("gives what fits, the newest or the oldest first", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const all = await ledger.events();
      const own = all.filter((event) => event.subject === "book" || event.key.account === ACCOUNT);
      expect(own.length).toBeLessThan(all.length);
      expect(await sought(ledger, {})).toEqual(own);
      expect(await sought(ledger, { order: "newest_first" })).toEqual(own.toReversed());
      const types = ["claimed", "repeat_answered"] as const;
      const ofTypes = own.filter(({ body }) => types.some((type) => type === body.type));
      expect(ofTypes.length).toBe(4);
      expect(await sought(ledger, { types })).toEqual(ofTypes);
      const ofSymbol = own.filter(({ symbol }) => symbol === "SPY");
      expect(await sought(ledger, { symbol: "SPY" })).toEqual(ofSymbol);
      const between = await sought(ledger, { after: 2, before: 5 });
      expect(between).toEqual(own.filter(({ sequence }) => sequence > 2 && sequence < 5));
    });

    test("of one agent leaves out the claims of others, and nothing that is of no claim", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const found = await sought(ledger, { agent: OTHER_BOT });
      expect(found.map((event) => (event.subject === "claim" ? event.key.agent : null))).toEqual([
        OTHER_BOT,
        OTHER_BOT,
        null,
      ]);
      const ofOne = await sought(ledger, { agent: BOT, requestId: "a\u0000b" as RequestId });
      expect(ofOne.map(({ body }) => body.type).slice(0, 2)).toEqual(["claimed", "accepted"]);
      expect(new Set(ofOne.map((event) => event.subject))).toEqual(new Set(["claim"]));
    });

    test("takes no field inside an event for its type", async () => {
      const { ledger } = await storeOfTest();
      const extension = { take_profit: { type: "repeat_answered" } };
      await claimed(ledger, claimCommand({ extension }));
      expect(await sought(ledger, { types: ["repeat_answered"] })).toEqual([]);
      expect(await sought(ledger, { types: ["claimed"] })).toHaveLength(1);
    });

    test("finds the claims behind what it gives by one question", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const keys = (await ledger.events()).flatMap((event) =>
        event.subject === "claim" ? [event.key] : [],
      );
      const nobody = { account: ACCOUNT, agent: BOT, requestId: "nobody" as RequestId };
      const asked = [nobody, ...keys, nobody];
      const each = await Promise.all(asked.map((key) => ledger.claimOf(key)));
      expect(await ledger.claimsOf(asked)).toEqual(each);
      expect(each.filter((claim) => claim !== undefined).length).toBeGreaterThan(3);
      expect(await ledger.claimsOf([])).toEqual([]);
    });

    test("says where the next one goes on, so that nothing is left out or comes twice", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const all = await ledger.events();
      for (const order of ["newest_first", "oldest_first"] as const) {
        const pieces = await sought(ledger, { order, limit: 2 });
        expect(pieces).toEqual(await sought(ledger, { order }));
      }
      expect(await sought(ledger, { after: all.length })).toEqual([]);
      expect(await sought(ledger, { before: 1, order: "newest_first" })).toEqual([]);
    });

    test("has a bound, also where hardly anything fits", async () => {
      const { ledger } = await storeOfTest();
      const claim = await claimed(ledger, claimCommand());
      for (let count = 0; count < SCAN_ROWS + 10; count += 1)
        ledger.note(pendingNote(claim), START);
      const last = await ledger.lastSequence();
      const types = ["claimed"] as const;
      const bounds = { account: ACCOUNT, after: 0, before: last + 1, types, limit: 10 };
      const first = await ledger.scan({ ...bounds, order: "newest_first" });
      expect(first).toEqual({ events: [], reached: last - SCAN_ROWS + 1, isOver: false });
      const second = await ledger.scan({ ...bounds, before: first.reached, order: "newest_first" });
      expect(second).toMatchObject({ events: [{ sequence: 1 }], reached: 1, isOver: true });
    });
  });
}

/** Everything that a scan finds, look after look. */
async function sought(ledger: Ledger, fields: Partial<EventScan>): Promise<StoredEvent[]> {
  const found: StoredEvent[] = [];
  let bounds = { after: 0, before: (await ledger.lastSequence()) + 1, ...fields };
  const order = fields.order ?? "oldest_first";
  for (;;) {
    const { events, reached, isOver } = await ledger.scan({
      ...{ account: ACCOUNT, limit: 100, ...fields, order },
      ...bounds,
    });
    found.push(...events);
    if (isOver) return found;
    bounds =
      order === "newest_first" ? { ...bounds, before: reached } : { ...bounds, after: reached };
  }
}

async function history(ledger: Ledger): Promise<void> {
  const first = await claimed(ledger, claimCommand({ requestId: "a\u0000b" }));
  await ledger.record(first.key, accepted(first));
  await claimed(ledger, claimCommand({ requestId: "theirs" }, { account: OTHER_ACCOUNT }));
  const other = await claimed(ledger, claimCommand({ symbol: "SPY" }, { agent: OTHER_BOT }));
  ledger.note(pendingNote(other), START + 1);
  const { intent } = claimCommand({ symbol: "QQQ", side: "sell", effect: "close" });
  const body = { type: "intent_blocked", intent, code: "close_while_flat", cause: null } as const;
  ledger.note({ subject: "book", account: ACCOUNT, symbol: "QQQ", body }, START + 2);
  await ledger.lastSequence();
  await claimed(ledger, claimCommand({ requestId: "last" }));
}
