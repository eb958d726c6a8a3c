/** Lists of claims: filters, pages and counts, as people and monitors ask for them. */
import { describe, expect, test } from "vitest";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import type { AccountId, AgentId } from "../../src/core/ids.ts";
import type { ClaimFilters, ClaimsQuery } from "../../src/ledger/claims-query.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  BOT,
  brokerOrder,
  claimCommand,
  filledOrder,
  notSent,
  orderRead,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const OTHER_BOT = "other-bot" as AgentId;

export function testsOfLists(storeOfTest: StoreOfTest): void {
  describe("a list of claims", () => {
    test("is newest first, with each claim as it stands", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const { claims, next } = await ledger.claims({ account: ACCOUNT });
      expect(claims.map(({ key }) => key.requestId)).toEqual(["r-5", "r-4", "r-3", "r-2", "r-1"]);
      for (const claim of claims) expect(await ledger.claimOf(claim.key)).toEqual(claim);
      expect(next).toBeNull();
    });

    test.each<[string, ClaimFilters, readonly string[]]>([
      ["an agent", { agent: OTHER_BOT }, ["r-4"]],
      ["a symbol", { symbol: "SPY" }, ["r-3", "r-2"]],
      ["a symbol nobody traded", { symbol: "AAPL" }, []],
      ["one state", { statuses: ["OPEN"] }, ["r-5", "r-2"]],
      ["several states", { statuses: ["OPEN", "IN_RECONCILIATION"] }, ["r-5", "r-3", "r-2"]],
      ["states with the last one", { statuses: ["OPEN", "SETTLED"] }, ["r-5", "r-4", "r-2", "r-1"]],
      ["no state", { statuses: [] }, []],
      ["a time to begin at", { from: START + 3 }, ["r-5", "r-4", "r-3"]],
      ["a time to end before", { until: START + 3 }, ["r-2", "r-1"]],
      ["both times", { from: START + 2, until: START + 4 }, ["r-3", "r-2"]],
      ["all at once", { agent: BOT, symbol: "SPY", statuses: ["OPEN"], from: START }, ["r-2"]],
    ])("is filtered by %s", async (_, filters, expected) => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const { claims } = await ledger.claims({ account: ACCOUNT, ...filters });
      expect(claims.map(({ key }) => key.requestId)).toEqual(expected);
    });

    test("is of those that ended short of shares at or after a time, whenever they were claimed", async () => {
      const { ledger } = await storeOfTest();
      const ended = async (requestId: string, fields: Partial<BrokerOrder>, later: number) => {
        const claim = await claimed(ledger, claimCommand({ requestId, quantity: `${later}` }));
        const order = brokerOrder(claim, fields);
        await ledger.record(claim.key, orderRead(order, START + later));
        return claim;
      };
      await ended("early", { status: "canceled" }, 1);
      const canceled = await ended("canceled", { status: "canceled" }, 2);
      await ended("expired", { status: "expired" }, 3);
      await ended("working", { status: "new" }, 4);
      const filled = await claimed(ledger, claimCommand({ requestId: "filled", quantity: "5" }));
      await ledger.record(filled.key, orderRead(filledOrder(filled, "5"), START + 5));
      const unsent = await claimed(ledger, claimCommand({ requestId: "unsent", quantity: "6" }));
      await ledger.record(unsent.key, notSent(unsent, START + 6));
      const idsFrom = async (later: number) =>
        (await pagesOf(ledger, { symbol: "TQQQ", limit: 2, endedShortFrom: START + later })).map(
          ({ key }) => key.requestId,
        );
      expect(await idsFrom(2)).toEqual(["unsent", "expired", "canceled"]);
      const late = { ...filledOrder(canceled, "2"), status: "canceled" };
      await ledger.record(canceled.key, orderRead(late, START + 7));
      await claimed(ledger, claimCommand({ requestId: "unsent", quantity: "6" }));
      expect(await idsFrom(2)).toEqual(["expired"]);
      const { claims } = await ledger.claims({ account: ACCOUNT, endedShortFrom: START });
      expect(claims.map(({ key }) => key.requestId)).toEqual(["expired", "early"]);
    });

    test("holds the claims of its own account only", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const { claims } = await ledger.claims({ account: "account-2" as AccountId });
      expect(claims).toEqual([]);
    });

    test.each<ClaimFilters>([
      {},
      { symbol: "TQQQ" },
      { statuses: ["OPEN"] },
      { until: START + 60 },
    ])("comes in pages without a gap or a repeat, under %j", async (filters) => {
      const { ledger } = await storeOfTest();
      for (let count = 1; count <= 7; count += 1) {
        // Some of them in one millisecond, and one out of order: another process's clock.
        const now = START + (count === 5 ? 1 : Math.floor(count / 3));
        const terms = { requestId: `r-${count}`, quantity: `${count}` };
        await claimed(ledger, claimCommand(terms, { now }));
      }
      const whole = await ledger.claims({ account: ACCOUNT, ...filters });
      expect(whole.claims).toHaveLength(7);
      expect(await pagesOf(ledger, { ...filters, limit: 2 })).toEqual(whole.claims);
    });

    test("goes on where the last page ended, whatever was claimed since", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const first = await ledger.claims({ account: ACCOUNT, limit: 2 });
      await claimed(ledger, claimCommand({ requestId: "r-6" }, { now: START + 6 }));
      const { next } = first;
      const second = await ledger.claims({ account: ACCOUNT, cursor: next ?? "none" });
      expect(second.claims.map(({ key }) => key.requestId)).toEqual(["r-3", "r-2", "r-1"]);
    });

    test.each(["", "x", "bm90aGluZw", "MTIz", "LTEuNQ", "MS41IA", "0", "💥"])(
      "is refused for the cursor %j, by name",
      async (cursor) => {
        const { ledger } = await storeOfTest();
        const error = await latchError(() => ledger.claims({ account: ACCOUNT, cursor }));
        expect(error).toMatchObject({ code: "invalid_query" });
        expect(error.message).toContain(`cursor is ${JSON.stringify(cursor)}`);
      },
    );

    test.each([0, -1, 501, 1.5, Number.NaN])("is refused for the limit %d", async (limit) => {
      const { ledger } = await storeOfTest();
      const error = await latchError(() => ledger.claims({ account: ACCOUNT, limit }));
      expect(error).toMatchObject({ code: "invalid_query" });
      expect(error.message).toContain(`limit is ${limit}: expected a whole number from 1 to 500`);
    });
  });

  test.each(["from", "until"])("a list is refused for %s that is no time", async (name) => {
    const { ledger } = await storeOfTest();
    const error = await latchError(() => ledger.claims({ account: ACCOUNT, [name]: Number.NaN }));
    expect(error).toMatchObject({ code: "invalid_query", message: expect.stringMatching(name) });
  });

  describe("a request id alone", () => {
    test("finds the claim of every agent that has it", async () => {
      const { ledger } = await storeOfTest();
      await history(ledger);
      const twin = await claimed(ledger, claimCommand({ requestId: "r-1" }, { agent: OTHER_BOT }));
      const { requestId } = twin.key;
      const found = await ledger.claims({ account: ACCOUNT, requestId });
      expect(new Set(found.claims.map(({ key }) => key.agent))).toEqual(new Set([BOT, OTHER_BOT]));
      expect(found.claims).toContainEqual(twin);
      const filtered = { account: ACCOUNT, requestId, agent: OTHER_BOT, limit: 1 };
      expect(await ledger.claims(filtered)).toEqual({ claims: [twin], next: null });
      const account = "account-2" as AccountId;
      expect(await ledger.claims({ account, requestId })).toEqual({ claims: [], next: null });
    });
  });

  describe("the count by state", () => {
    test("follows every claim, also those of other openings of the store", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({});
      await history(ledger);
      const counts = { OPEN: 2, IN_RECONCILIATION: 1, SETTLED: 2 };
      expect(await ledger.countByStatus(ACCOUNT)).toEqual(counts);
      expect(await other.countByStatus(ACCOUNT)).toEqual(counts);
      const late = await claimed(other, claimCommand({ requestId: "late" }));
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ ...counts, OPEN: 3 });
      await other.record(late.key, notSent(late));
      expect(await ledger.countByStatus(ACCOUNT)).toEqual({ ...counts, SETTLED: 3 });
      await claimed(ledger, claimCommand({ requestId: "late" }));
      expect(await other.countByStatus(ACCOUNT)).toEqual({ ...counts, OPEN: 3 });
    });
  });

  describe("the last sequence", () => {
    test("is that of the last event", async () => {
      const { ledger } = await storeOfTest();
      expect(await ledger.lastSequence()).toBe(0);
      await history(ledger);
      expect(await ledger.lastSequence()).toBe((await ledger.events()).length);
    });
  });
}

/** Five claims, one millisecond apart: filled, open, working, not sent by another bot, open. */
async function history(ledger: Ledger): Promise<void> {
  const at = (requestId: string, later: number, symbol = "TQQQ", agent = BOT) =>
    claimed(
      ledger,
      claimCommand({ requestId, symbol, quantity: `${later}` }, { now: START + later, agent }),
    );
  const filled = await at("r-1", 1);
  await ledger.record(filled.key, orderRead(filledOrder(filled, "1")));
  await at("r-2", 2, "SPY");
  const working = await at("r-3", 3, "SPY");
  await ledger.record(working.key, accepted(working));
  const unsent = await at("r-4", 4, "TQQQ", OTHER_BOT);
  await ledger.record(unsent.key, notSent(unsent));
  await at("r-5", 5);
}

async function pagesOf(ledger: Ledger, filters: Omit<ClaimsQuery, "account">) {
  const claims = [];
  let cursor: string | undefined;
  do {
    const page = await ledger.claims({ account: ACCOUNT, ...filters, cursor });
    claims.push(...page.claims);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return claims;
}
