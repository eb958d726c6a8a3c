/**
 * An order that says a side alone and names nothing: a late repeat of a close, once others have
 * opened and closed the contract in the meantime.
 */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { AgentId, RequestId } from "../../src/core/ids.ts";
import type { Side } from "../../src/identity/intent.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { CALL } from "../claim/combo-builders.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  claimCommand,
  filledOrder,
  orderRead,
  POLICY,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const OTHER = "other" as AgentId;
const SHORTS = { ...POLICY, allowShort: true };

interface Asked {
  readonly now?: number;
  readonly agent?: AgentId;
  readonly requestId?: RequestId;
}

function order(side: Side, quantity: string, { requestId, ...asked }: Asked = {}) {
  const terms = { symbol: CALL, side, quantity, effect: undefined, requestId };
  return claimCommand(terms, { policy: SHORTS, ...asked });
}

async function done(ledger: Ledger, ...[side, quantity, asked = {}]: Parameters<typeof order>) {
  const claim = await claimed(ledger, order(side, quantity, asked));
  await ledger.record(claim.key, orderRead(filledOrder(claim, quantity), asked.now ?? START));
  return claim;
}

export function testsOfSidesAlone(storeOfTest: StoreOfTest): void {
  const skipOf = ({ key }: Claim) => ({ kind: "skip", claim: { key } });
  const opens = { kind: "proceed", claim: { intent: { effect: "open" } } };

  /** Two contracts are short, and the bot has bought them back. */
  async function boughtBack() {
    const store = await storeOfTest();
    const { ledger } = store;
    await done(ledger, "sell", "2");
    const close = await done(ledger, "buy", "2");
    expect(close.intent.effect).toBe("close");
    return { ...store, close };
  }

  describe("an order that says a side alone, like a close of a moment ago,", () => {
    test("is that close again once another agent has opened and closed the contract", async () => {
      const { ledger, close, reopen } = await boughtBack();
      for (const side of ["sell", "buy"] as const) await done(ledger, side, "1", { agent: OTHER });
      const now = START + POLICY.dedupeWindowMs - 1;
      expect(await ledger.claim(order("buy", "2", { now }))).toMatchObject(skipOf(close));
      const later = await reopen();
      expect(await later.claim(order("buy", "2", { now }))).toMatchObject(skipOf(close));
    });

    test("is that close again after two lives of others", async () => {
      const { ledger, close } = await boughtBack();
      for (const quantity of ["1", "3"]) {
        await done(ledger, "sell", quantity, { agent: OTHER });
        await done(ledger, "buy", quantity, { agent: OTHER });
      }
      expect(await ledger.claim(order("buy", "2"))).toMatchObject(skipOf(close));
    });

    test("is that close again while another agent holds the contract on the other side", async () => {
      const { ledger, close } = await boughtBack();
      await done(ledger, "buy", "1", { agent: OTHER });
      expect(await ledger.claim(order("buy", "2"))).toMatchObject(skipOf(close));
      expect(await ledger.book(ACCOUNT, CALL)).toMatchObject({ net: "1" });
    });

    test("is that close again while its own agent has gone on to the other side", async () => {
      const { ledger, close } = await boughtBack();
      await done(ledger, "buy", "6");
      expect(await ledger.claim(order("buy", "2"))).toMatchObject(skipOf(close));
    });

    test("opens behind the window", async () => {
      const { ledger } = await boughtBack();
      for (const side of ["sell", "buy"] as const) await done(ledger, side, "1", { agent: OTHER });
      const now = START + POLICY.dedupeWindowMs;
      expect(await ledger.claim(order("buy", "2", { now }))).toMatchObject(opens);
    });

    test("opens behind another life that its own agent has traded in", async () => {
      const { ledger } = await boughtBack();
      await done(ledger, "sell", "1");
      await done(ledger, "buy", "1", { agent: OTHER });
      expect(await ledger.claim(order("buy", "2"))).toMatchObject(opens);
    });

    test("opens under an id of its own, and in other terms", async () => {
      const { ledger } = await boughtBack();
      for (const side of ["sell", "buy"] as const) await done(ledger, side, "1", { agent: OTHER });
      const named = order("buy", "2", { requestId: "r-1" as RequestId });
      expect(await ledger.preview(named)).toMatchObject(opens);
      expect(await ledger.preview(order("buy", "3"))).toMatchObject(opens);
      expect(await ledger.preview(order("buy", "2", { agent: OTHER }))).toMatchObject(opens);
    });

    test("closes what another agent has opened since on the side that it closes", async () => {
      const { ledger } = await boughtBack();
      await done(ledger, "sell", "3", { agent: OTHER });
      const next = { kind: "proceed", claim: { intent: { effect: "close" } } };
      expect(await ledger.claim(order("buy", "2"))).toMatchObject(next);
    });
  });
}
