/** Orders with legs: what one record makes of all the claims that it is about. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../src/core/ids.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { foldEvents } from "../ledger/fold.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  brokerOrder,
  claimCommand,
  filledOrder,
  orderRead,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const BRACKET = {
  extension: {
    ...{ order_class: "bracket", take_profit: { limit_price: "60" } },
    stop_loss: { stop_price: "40" },
  },
} as const;

type Fields = Partial<BrokerOrder>;

function leg(parent: Claim, name: string, fields: Fields = {}): BrokerOrder {
  return brokerOrder(parent, {
    ...{ brokerOrderId: name as BrokerOrderId, clientOrderId: `id-of-${name}` as ClientOrderId },
    ...{ side: "sell", status: "held", type: "limit", ...fields },
  });
}

function gone(filled: string, fields: Fields = {}): Fields {
  const isFilled = filled !== "0";
  return {
    ...{ status: isFilled ? "filled" : "canceled", filledQuantity: decimal(filled) },
    filledAveragePrice: isFilled ? decimal("60") : null,
    ...fields,
  };
}

async function begun(ledger: Ledger): Promise<Claim> {
  const claim = await claimed(ledger, claimCommand(BRACKET));
  await ledger.record(claim.key, accepted(claim));
  return claim;
}

async function legsOf(ledger: Ledger): Promise<readonly Claim[]> {
  const { claims } = await ledger.claims({ account: ACCOUNT });
  return claims.filter(({ identity }) => identity === "leg");
}

/** A bracket whose entry has filled, with its legs and their claims. */
async function entered(ledger: Ledger) {
  const parent = await begun(ledger);
  const [profit, stop] = [leg(parent, "profit"), leg(parent, "stop")];
  const order = { ...filledOrder(parent, "6"), legs: [profit, stop] };
  await ledger.record(parent.key, orderRead(order));
  const legs = await legsOf(ledger);
  const claimOf = (name: string) => legs.find((one) => one.brokerOrderId === name) as Claim;
  return { parent, profit, stop, claimOf };
}

async function reserved(ledger: Ledger): Promise<readonly string[]> {
  const { reservations } = await ledger.book(ACCOUNT, "TQQQ");
  return reservations.map(({ quantity }) => quantity);
}

async function expectFold(ledger: Ledger): Promise<void> {
  const folded = foldEvents(await ledger.events());
  for (const claim of folded.claims) expect(await ledger.claimOf(claim.key)).toEqual(claim);
  expect(folded.books).toEqual(await ledger.books(ACCOUNT));
}

export function testsOfFamilies(storeOfTest: StoreOfTest): void {
  describe("an order with legs", () => {
    test("has a claim for each leg, at the broker already, and one reservation", async () => {
      const { ledger } = await storeOfTest();
      const parent = await begun(ledger);
      const legs = [leg(parent, "profit"), leg(parent, "stop")];
      await ledger.record(parent.key, orderRead({ ...filledOrder(parent, "6"), legs }));
      await ledger.record(parent.key, orderRead({ ...filledOrder(parent, "6"), legs }));
      expect(await ledger.claimOf(parent.key)).toMatchObject({ status: "SETTLED" });
      const found = await legsOf(ledger);
      expect(found.map(({ brokerOrderId }) => brokerOrderId).sort()).toEqual(["profit", "stop"]);
      expect(new Set(found.map(({ status }) => status))).toEqual(new Set(["IN_RECONCILIATION"]));
      expect(await reserved(ledger)).toEqual(["6"]);
      await expectFold(ledger);
    });

    test("is not settled before its legs were seen, if they may have filled", async () => {
      const { ledger } = await storeOfTest();
      const parent = await begun(ledger);
      await ledger.record(parent.key, orderRead(filledOrder(parent, "6")));
      expect(await ledger.claimOf(parent.key)).toMatchObject({ status: "FINAL" });
      const legs = [leg(parent, "profit"), leg(parent, "stop")];
      await ledger.record(parent.key, orderRead({ ...filledOrder(parent, "6"), legs }));
      expect(await ledger.claimOf(parent.key)).toMatchObject({ status: "SETTLED" });
    });

    test("ends with its legs in one read, and holds nothing then", async () => {
      const { ledger } = await storeOfTest();
      const parent = await begun(ledger);
      const legs = [leg(parent, "profit", gone("6")), leg(parent, "stop", gone("0"))];
      await ledger.record(parent.key, orderRead({ ...filledOrder(parent, "6"), legs }));
      const outcomes = (await legsOf(ledger)).map(({ outcome, status }) => [status, outcome]);
      expect(outcomes.sort()).toEqual([
        ["SETTLED", "canceled"],
        ["SETTLED", "filled"],
      ]);
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({
        ...{ net: "0", episode: 1, realizedProfitUsd: "60", reservations: [] },
      });
      await expectFold(ledger);
    });

    test("has a leg's fills booked only after those of its entry", async () => {
      const { ledger } = await storeOfTest();
      const parent = await begun(ledger);
      const waiting = [leg(parent, "profit"), leg(parent, "stop")];
      await ledger.record(parent.key, orderRead({ ...brokerOrder(parent), legs: waiting }));
      const profit = (await legsOf(ledger)).find((one) => one.brokerOrderId === "profit") as Claim;
      const filled = leg(parent, "profit", gone("6"));
      const early = await ledger.record(profit.key, orderRead(filled));
      expect(early).toMatchObject({ changed: false });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "0", episode: 0 });
      await ledger.record(parent.key, orderRead(filledOrder(parent, "6")));
      await ledger.record(profit.key, orderRead(filled));
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "0", episode: 1 });
      await expectFold(ledger);
    });

    test("that is shown with a leg in another's place begins no claim for it", async () => {
      const { ledger } = await storeOfTest();
      const parent = await begun(ledger);
      const [profit, stop] = [leg(parent, "profit"), leg(parent, "stop")];
      const whole = filledOrder(parent, "6");
      await ledger.record(parent.key, orderRead({ ...whole, legs: [profit, stop] }));
      // The claim of the first is two replacements behind.
      const third = leg(parent, "third", { replaces: "second" as BrokerOrderId, status: "new" });
      await ledger.record(parent.key, orderRead({ ...whole, legs: [third, stop] }));
      expect(await legsOf(ledger)).toHaveLength(2);
      const second = leg(parent, "second", { replaces: profit.brokerOrderId });
      const replaced = { status: "replaced", replacedBy: second.brokerOrderId } as const;
      const first = (await legsOf(ledger)).find((one) => one.brokerOrderId === "profit") as Claim;
      const read = { source: "poll", now: START } as const;
      await ledger.record(first.key, {
        ...{ type: "replaced", order: { ...profit, ...replaced }, successor: second, ...read },
      });
      expect(await legsOf(ledger)).toHaveLength(2);
      expect(await ledger.claimOf(first.key)).toMatchObject({ brokerOrderId: "second" });
      expect(await reserved(ledger)).toEqual(["6"]);
      await expectFold(ledger);
    });

    test("ends the claim of a leg that gave way to another one when that one ends", async () => {
      const { ledger } = await storeOfTest();
      const { parent, profit, stop, claimOf } = await entered(ledger);
      const replaced = { status: "replaced", replacedBy: stop.brokerOrderId } as const;
      const read = { order: { ...profit, ...replaced }, source: "poll", now: START } as const;
      const { key } = claimOf("profit");
      const early = await ledger.record(key, { type: "replaced", ...read, successor: stop });
      expect(early).toMatchObject({ changed: false, claim: { status: "IN_RECONCILIATION" } });
      const filled = leg(parent, "stop", gone("6"));
      await ledger.record(claimOf("stop").key, orderRead(filled));
      await ledger.record(key, { type: "replaced", ...read, successor: filled });
      expect(await ledger.claimOf(key)).toMatchObject({ status: "SETTLED", outcome: "canceled" });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "0", reservations: [] });
      await expectFold(ledger);
    });

    test("ends it where no order is named in its place once the other has filled all", async () => {
      const { ledger } = await storeOfTest();
      const { parent, profit, claimOf } = await entered(ledger);
      const order = { ...profit, status: "replaced" };
      const read = { ...orderRead(order), hasNoSuccessor: true } as const;
      const { key } = claimOf("profit");
      const part = { status: "filled", filledQuantity: decimal("4"), quantity: decimal("4") };
      await ledger.record(claimOf("stop").key, orderRead(leg(parent, "stop", gone("4", part))));
      await ledger.record(key, read);
      expect(await ledger.claimOf(key)).toMatchObject({ status: "IN_RECONCILIATION" });
      await ledger.record(claimOf("stop").key, orderRead(leg(parent, "stop", gone("6"))));
      await ledger.record(key, read);
      expect(await ledger.claimOf(key)).toMatchObject({ status: "SETTLED", outcome: "canceled" });
      await expectFold(ledger);
    });

    test("whose leg was replaced before anybody saw it has a claim for what is there", async () => {
      const { ledger } = await storeOfTest();
      const parent = await begun(ledger);
      const later = leg(parent, "later", { replaces: "unseen" as BrokerOrderId, status: "new" });
      const legs = [later, leg(parent, "stop")];
      await ledger.record(parent.key, orderRead({ ...filledOrder(parent, "6"), legs }));
      expect((await legsOf(ledger)).map(({ brokerOrderId }) => brokerOrderId).sort()).toEqual([
        "later",
        "stop",
      ]);
    });
  });
}
