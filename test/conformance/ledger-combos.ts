/** Combos without a name: which one is an earlier one again, and which is another order like it. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { UnreadOrders } from "../../src/claim/decide-claim.ts";
import type { BrokerOrder } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, OwnerId, RequestId } from "../../src/core/ids.ts";
import { comboLegs } from "../../src/identity/combo.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { CALL, PUT } from "../claim/combo-builders.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  brokerOrder,
  claimCommand,
  filledOrder,
  notSent,
  orderRead,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

interface When {
  readonly now?: number;
  readonly unread?: UnreadOrders;
  readonly owner?: OwnerId;
  readonly brokerTime?: number;
}

/** Says what its legs do, or leaves it to the broker. */
class Spread {
  readonly #saysIntent: boolean;

  constructor(saysIntent: boolean) {
    this.#saysIntent = saysIntent;
  }

  open(when: When = {}, quantity = "3") {
    return this.#order(["buy", "sell"], "open", when, quantity);
  }

  close(when: When = {}, quantity = "3") {
    return this.#order(["sell", "buy"], "close", when, quantity);
  }

  #order(
    sides: readonly ["buy" | "sell", "buy" | "sell"],
    effect: string,
    { now = START, ...when }: When,
    quantity: string,
  ) {
    const legs = [CALL, PUT].map((symbol, index) => {
      const said = this.#saysIntent ? { position_intent: `${sides[index]}_to_${effect}` } : {};
      return { symbol, ratio_qty: "1", side: sides[index], ...said };
    });
    const extension = { order_class: "mleg", legs };
    const terms = { symbol: "MLEG", quantity, extension, requestId: undefined };
    return { ...claimCommand(terms as Partial<IntentInput>, { now }), ...when };
  }
}

/** The combo's order with both legs filled for so many combos. */
function filled(claim: Claim, combos = "3"): BrokerOrder {
  const [filledQuantity, price] = [decimal(combos), decimal("2")];
  const legs = (comboLegs(claim.intent) ?? []).map(({ symbol, side }) =>
    brokerOrder(claim, {
      ...{ brokerOrderId: `${symbol}-of-${claim.clientOrderId}` as BrokerOrderId },
      ...{ symbol, side, status: "filled", filledQuantity, filledAveragePrice: price },
    }),
  );
  return { ...filledOrder(claim, combos, "1"), legs };
}

/** The order is sent, and fills. */
async function done(ledger: Ledger, command: ReturnType<Spread["open"]>): Promise<Claim> {
  const claim = await claimed(ledger, command);
  const { claim: settled } = await ledger.record(claim.key, orderRead(filled(claim), command.now));
  expect(settled.status).toBe("SETTLED");
  return settled;
}

const skipOf = ({ key }: Claim) => ({ kind: "skip", claim: { key } });
const inDoubt = ({ key }: Claim) => ({
  ...{ kind: "blocked", block: { code: "not_sent", cause: key, availableQuantity: null } },
});
const EVERY_UNREAD = (claim: Claim) => [undefined, "all", [claim]] as const;

export function testsOfCombos(storeOfTest: StoreOfTest): void {
  describe.each([
    ["that says what its legs do", new Spread(true)],
    ["whose legs have a side alone", new Spread(false)],
  ])("a combo without a name %s", (_, spread) => {
    test("is another order once the positions of its contracts have ended", async () => {
      const { ledger, reopen } = await storeOfTest();
      for (const again of [0, 1, 2]) {
        const open = await done(ledger, spread.open({ now: START + again }));
        expect(await ledger.claim(spread.open({ now: START + again }))).toMatchObject(skipOf(open));
        const close = await done(ledger, spread.close({ now: START + again }));
        const repeat = spread.close({ now: START + again });
        expect(await ledger.claim(repeat)).toMatchObject(skipOf(close));
      }
      const later = await reopen();
      await done(later, spread.open({ now: START + 3 }));
      await done(later, spread.close({ now: START + 3 }));
    });

    test("is the same one while the positions are held, however much of them was closed", async () => {
      const { ledger } = await storeOfTest();
      const open = await done(ledger, spread.open());
      const part = await claimed(ledger, spread.close({}, "1"));
      await ledger.record(part.key, orderRead(filled(part, "1")));
      expect(await ledger.claim(spread.open())).toMatchObject(skipOf(open));
      expect(await ledger.claim(spread.close({}, "1"))).toMatchObject(skipOf(part));
    });

    test("is another order once one of its contracts was closed by itself", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const exit = { symbol: CALL, side: "sell", effect: "close", quantity: "3" } as const;
      const close = await claimed(ledger, claimCommand({ ...exit, requestId: "r-1" }));
      await ledger.record(close.key, orderRead(filledOrder(close, "3")));
      expect(await ledger.claim(spread.open())).toMatchObject({ kind: "proceed" });
    });

    test("is the same exit where another order has closed the rest of the position", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const exits: Claim[] = [];
      for (const quantity of ["1", "2"]) {
        const exit = await claimed(ledger, spread.close({}, quantity));
        await ledger.record(exit.key, orderRead(filled(exit, quantity)));
        exits.push(exit);
      }
      const [part, rest] = exits as [Claim, Claim];
      const now = START + 1_000;
      expect(await ledger.claim(spread.close({ now }, "1"))).toMatchObject(skipOf(part));
      expect(await ledger.claim(spread.close({ now }, "2"))).toMatchObject(skipOf(rest));
      await done(ledger, spread.open({ now }));
      const next = await ledger.claim(spread.close({ now }, "1"));
      expect(next).toMatchObject({ kind: "proceed" });
    });

    test("is the same exit until all that it closes is held again", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const close = await done(ledger, spread.close());
      const now = START + 1_000;
      const alone = { symbol: CALL, side: "buy", effect: "open", quantity: "3" } as const;
      const call = await claimed(ledger, claimCommand({ ...alone, requestId: "r-1" }, { now }));
      await ledger.record(call.key, orderRead(filledOrder(call, "3"), now));
      expect(await ledger.claim(spread.close({ now }))).toMatchObject(skipOf(close));
      const short = { symbol: PUT, side: "buy", effect: "open", quantity: "3" } as const;
      const put = await claimed(ledger, claimCommand({ ...short, requestId: "r-2" }, { now }));
      await ledger.record(put.key, orderRead(filledOrder(put, "3"), now));
      expect(await ledger.claim(spread.close({ now }))).toMatchObject(skipOf(close));
      const twice = await claimed(ledger, spread.open({ now }, "6"));
      await ledger.record(twice.key, orderRead(filled(twice, "6"), now));
      await done(ledger, spread.close({ now }));
      await done(ledger, spread.open({ now: now + 1 }));
      const next = await ledger.claim(spread.close({ now: now + 1 }));
      expect(next).toMatchObject({ kind: "proceed" });
    });

    test("is not sent again as the exit of what another exit, not read yet, has closed", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const close = await done(ledger, spread.close());
      const now = START + 1_000;
      const open = await claimed(ledger, spread.open({ now }, "2"));
      await ledger.record(open.key, orderRead(filled(open, "2"), now));
      const other = await claimed(ledger, spread.close({ now }, "2"));
      await ledger.record(other.key, orderRead(brokerOrder(other), now));
      const first = await ledger.claim(spread.close({ now, unread: undefined }));
      expect(first).toMatchObject(inDoubt(other));
      await ledger.record(other.key, orderRead(filled(other, "2"), now));
      expect(await ledger.claim(spread.close({ now }))).toMatchObject(skipOf(close));
    });

    test("is another order once an exit that was asked for before it was sent after it", async () => {
      const { ledger } = await storeOfTest();
      const early = await claimed(ledger, spread.close());
      await ledger.record(early.key, notSent(early));
      await done(ledger, spread.open({ now: START + 1_000 }));
      const close = await done(ledger, spread.close({ now: START + 2_000 }));
      expect(close.key).toEqual(early.key);
      const next = await ledger.claim(spread.open({ now: START + 3_000 }));
      expect(next).toMatchObject({ kind: "proceed" });
    });

    test("is a new action where a later one like it was of a position that has ended", async () => {
      const { ledger } = await storeOfTest();
      const lost = await claimed(ledger, spread.open());
      await ledger.record(lost.key, notSent(lost));
      const { intent, ...rest } = spread.open({ now: START + 1 });
      const named = { ...intent, requestId: "r-1" as RequestId };
      await done(ledger, { ...rest, intent: named });
      await done(ledger, spread.close({ now: START + 2 }));
      const next = await ledger.claim(spread.open({ now: START + 3 }));
      expect(next).toMatchObject({ kind: "proceed", reopened: false });
    });

    test("is the same exit where its fill was booked before that of the entry", async () => {
      const { ledger } = await storeOfTest();
      const open = await claimed(ledger, spread.open());
      const close = await claimed(ledger, spread.close({ now: START + 1 }));
      for (const claim of [close, open]) await ledger.record(claim.key, orderRead(filled(claim)));
      const again = await ledger.claim(spread.close({ now: START + 2 }));
      expect(again).toMatchObject(skipOf(close));
    });

    test("is told by the broker's clock where two machines have a part in it", async () => {
      const { ledger } = await storeOfTest();
      const at = (later: number, apart: number, owner: string) => ({
        ...{ now: START + later + apart, brokerTime: START + later, owner: owner as OwnerId },
      });
      await done(ledger, spread.open(at(0, 300_000, "ahead")));
      await done(ledger, spread.close(at(1_000, 0, "right")));
      const next = await ledger.claim(spread.open(at(2_000, 0, "right")));
      expect(next).toMatchObject({ kind: "proceed" });
    });

    test("is not told that it is an earlier one before the order against it was read", async () => {
      const { ledger } = await storeOfTest();
      const open = await done(ledger, spread.open());
      const close = await claimed(ledger, spread.close());
      await ledger.record(close.key, orderRead(brokerOrder(close)));
      const first = await ledger.claim(spread.open({ unread: undefined }));
      expect(first).toMatchObject(inDoubt(close));
      // What is not sent does no harm; where it works on, what was opened is held.
      for (const unread of ["all", [close], []] as const) {
        expect(await ledger.claim(spread.open({ unread }))).toMatchObject(skipOf(open));
      }
      expect(await ledger.claim(spread.close())).toMatchObject({ kind: "pending" });
    });

    test("that may be the exit of what an unread order has opened is kept back", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const close = await done(ledger, spread.close());
      const now = START + 1_000;
      const open = await claimed(ledger, spread.open({ now }));
      const lost = await ledger.record(open.key, orderRead(brokerOrder(open)));
      for (const unread of EVERY_UNREAD(lost.claim)) {
        expect(await ledger.claim(spread.close({ now, unread }))).toMatchObject(inDoubt(open));
      }
      expect(await ledger.claim(spread.close({ now }))).toMatchObject(skipOf(close));
      await ledger.record(open.key, orderRead(filled(open)));
      const sent = await ledger.claim(spread.close({ now, unread: undefined }));
      expect(sent).toMatchObject({ kind: "proceed" });
    });

    test("that closed a part is kept back as well, whoever has closed the rest", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const part = await claimed(ledger, spread.close({}, "1"));
      await ledger.record(part.key, orderRead(filled(part, "1")));
      const rest = await claimed(ledger, spread.close({}, "2"));
      await ledger.record(rest.key, orderRead(filled(rest, "2")));
      const now = START + 1_000;
      const open = await claimed(ledger, spread.open({ now }));
      const lost = await ledger.record(open.key, orderRead(brokerOrder(open)));
      for (const unread of EVERY_UNREAD(lost.claim)) {
        const again = await ledger.claim(spread.close({ now, unread }, "1"));
        expect(again).toMatchObject(inDoubt(open));
      }
      expect(await ledger.claim(spread.close({ now }, "1"))).toMatchObject(skipOf(part));
    });

    test("is sent behind an order against it once that was read, or could not be", async () => {
      const { ledger } = await storeOfTest();
      await done(ledger, spread.open());
      const close = await claimed(ledger, spread.close());
      const { claim } = await ledger.record(close.key, orderRead(brokerOrder(close)));
      const more = (unread: UnreadOrders) => ledger.preview(spread.open({ unread }, "4"));
      expect(await more(undefined)).toMatchObject(inDoubt(close));
      for (const unread of ["all", [claim], []] as const) {
        expect(await more(unread)).toMatchObject({ kind: "proceed" });
      }
    });
  });
}
