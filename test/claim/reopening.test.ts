/** What a later try of an action that ended without an order, or without a fill, may do. */
import { describe, expect, test } from "vitest";
import type { Refusal } from "../../src/claim/evidence.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import {
  blockOf,
  buy,
  filledOrder,
  orderOf,
  proceeded,
  refusal,
  SECOND,
  START,
  sell,
  underBotId,
  underRequestId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const BAR = { bar: "2026-05-21T13:42:00Z", stage: "base" };
const KINDS = [
  ["without an id", {}],
  ["with an anchor", { anchor: BAR }],
  ["under the bot's client_order_id", underBotId("bot-1")],
  ["under an explicit request id", underRequestId("request-1")],
] as const;

describe.each(KINDS)("an order %s", (_, identity) => {
  test("that was never sent opens the same attempt again, under the same client_order_id", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", identity)));
    const ended = ledger.conclude(first);
    expect(ended).toMatchObject({ status: "SETTLED", outcome: "not_sent", provenance: "inferred" });
    const again = ledger.after(300 * SECOND).claim(buy("6", identity));
    expect(again).toMatchObject({ kind: "proceed", reopened: true });
    expect(proceeded(again)).toMatchObject({
      key: first.key,
      status: "OPEN",
      attempt: 1,
      clientOrderId: first.clientOrderId,
      fencing: 2,
      sendDeadline: START + 305 * SECOND,
      outcome: null,
      told: null,
    });
    expect(ledger.log.at(-1)?.event).not.toHaveProperty("amount");
    expect(ledger.claims.size).toBe(1);
  });

  test("that is proved absent opens the same attempt again, under the same client_order_id", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", identity)));
    ledger.loseAnswer(first);
    expect(ledger.proveAbsent(first)).toMatchObject({ status: "SETTLED", outcome: "absent" });
    const again = ledger.claim(buy("6", identity));
    expect(again).toMatchObject({ kind: "proceed", reopened: true });
    const { attempt, clientOrderId, notFound, postEndedAt } = proceeded(again);
    expect({ attempt, clientOrderId }).toEqual({ attempt: 1, clientOrderId: first.clientOrderId });
    expect([notFound, postEndedAt]).toEqual([null, null]);
  });

  test("that filled is never opened again, however long ago it was claimed", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", identity)));
    ledger.accept(first, filledOrder(first));
    expect(ledger.after(SECOND).claim(buy("6", identity)).kind).toBe("skip");
    const later = ledger.after(3_600 * SECOND).claim(buy("6", identity));
    expect(later).not.toMatchObject({ kind: "proceed", reopened: true });
  });
});

describe("an anchored order that ended without a fill", () => {
  test.each([["canceled"], ["expired"], ["rejected"]])(
    "(%s) is opened again as the next attempt, under the next client_order_id",
    (status) => {
      const ledger = new MemoryLedger();
      const first = proceeded(ledger.claim(buy("6", { anchor: BAR })));
      ledger.accept(first, orderOf(first, { status: "new" }));
      ledger.read(first, orderOf(first, { status }));
      const again = ledger.claim(buy("6", { anchor: BAR }));
      expect(again).toMatchObject({ kind: "proceed", reopened: true });
      const { key, attempt, clientOrderId, brokerOrderId } = proceeded(again);
      expect({ key, attempt, brokerOrderId }).toEqual({
        key: first.key,
        attempt: 2,
        brokerOrderId: null,
      });
      expect(clientOrderId).toBe(first.clientOrderId.replace(/-1$/, "-2"));
    },
  );

  test("because it was refused is opened again as the next attempt", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", { anchor: BAR })));
    ledger.answer(first, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
    const again = proceeded(ledger.claim(buy("6", { anchor: BAR })));
    expect(again).toMatchObject({ attempt: 2, fencing: 2, refusal: null, idTaken: false });
  });

  test("after a part of it filled is not opened again", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", { anchor: BAR })));
    ledger.accept(first, orderOf(first, { status: "canceled", filled: "1" }));
    expect(ledger.claim(buy("6", { anchor: BAR })).kind).toBe("skip");
  });

  test("and was thought absent, but then filled after all, is not opened again", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", { anchor: BAR })));
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    ledger.read(first, filledOrder(first));
    expect(ledger.claim(buy("6", { anchor: BAR }))).toMatchObject({
      kind: "skip",
      receipt: { outcome: "filled", provenance: "venue", filledQuantity: "6" },
    });
  });
});

describe.each([
  ["without an id", {}],
  ["with an anchor", { anchor: BAR }],
] as const)("an order %s whose first try was lost, and whose second was refused", (_, identity) => {
  function refusedAfterLoss() {
    const ledger = new MemoryLedger();
    const lost = proceeded(ledger.claim(buy("6", identity)));
    ledger.loseAnswer(lost);
    ledger.proveAbsent(lost);
    const second = proceeded(ledger.claim(buy("6", identity)));
    ledger.answer(second, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
    return { ledger, lost };
  }

  test("is opened again under the same client_order_id: the first try may come yet", () => {
    const { ledger, lost } = refusedAfterLoss();
    const again = proceeded(ledger.after(300 * SECOND).claim(buy("6", identity)));
    expect(again).toMatchObject({ key: lost.key, attempt: 1, clientOrderId: lost.clientOrderId });
    ledger.conclude(again);
    const fourth = proceeded(ledger.claim(buy("6", identity)));
    ledger.answer(fourth, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
    expect(proceeded(ledger.claim(buy("6", identity)))).toMatchObject({ attempt: 1, fencing: 5 });
  });

  test("has the first try's order when that comes after all", () => {
    const { ledger, lost } = refusedAfterLoss();
    const working = ledger.read(lost, orderOf(lost, { status: "new" }));
    expect(working).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
    expect(ledger.claim(buy("6", identity))).toMatchObject({ kind: "pending", phase: "working" });
    ledger.read(lost, filledOrder(lost));
    expect(ledger.get(lost.key)).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(ledger.book().net).toBe("6");
  });

  test.each(["canceled", "rejected"])(
    "has a new client_order_id once an order has ended as %s under the old one",
    (status) => {
      const { ledger, lost } = refusedAfterLoss();
      const again = proceeded(ledger.claim(buy("6", identity)));
      ledger.accept(again, orderOf(again, { status }));
      const next = proceeded(ledger.claim(buy("6", identity)));
      expect(next.clientOrderId).not.toBe(lost.clientOrderId);
      ledger.answer(next, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
      expect(proceeded(ledger.claim(buy("6", identity))).clientOrderId).not.toBe(
        next.clientOrderId,
      );
    },
  );
});

test("an order that was never sent at first has a new client_order_id after a refusal", () => {
  const ledger = new MemoryLedger();
  const first = proceeded(ledger.claim(buy("6", { anchor: BAR })));
  ledger.conclude(first);
  const second = proceeded(ledger.claim(buy("6", { anchor: BAR })));
  expect(second.clientOrderId).toBe(first.clientOrderId);
  ledger.answer(second, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
  const third = proceeded(ledger.claim(buy("6", { anchor: BAR })));
  expect(third).toMatchObject({ attempt: 2 });
  expect(third.clientOrderId).not.toBe(first.clientOrderId);
});

test("a bot's own id whose first try was lost has that order, though the second was refused", () => {
  const ledger = new MemoryLedger();
  const lost = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
  ledger.loseAnswer(lost);
  ledger.proveAbsent(lost);
  const second = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
  ledger.answer(second, { kind: "refused", refusal: refusal({ reason: "buying_power" }) });
  expect(ledger.claim(buy("6", underBotId("bot-1"))).kind).toBe("skip");
  ledger.read(lost, filledOrder(lost));
  expect(ledger.get(lost.key)).toMatchObject({ status: "SETTLED", outcome: "filled" });
});

describe("an order under an explicit id", () => {
  test.each([["canceled"], ["expired"], ["rejected"]])(
    "that the broker had accepted (%s) is never opened again",
    (status) => {
      const ledger = new MemoryLedger();
      const first = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
      ledger.accept(first, orderOf(first));
      ledger.read(first, orderOf(first, { status }));
      const again = ledger.after(600 * SECOND).claim(buy("6", underBotId("bot-1")));
      expect(again).toMatchObject({ kind: "skip", receipt: { outcome: status } });
    },
  );

  test("that was refused is not sent again under that id", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
    ledger.answer(first, { kind: "refused", refusal: refusal({ message: "no buying power" }) });
    const again = ledger.claim(buy("6", underBotId("bot-1")));
    expect(again).toMatchObject({
      kind: "skip",
      receipt: { outcome: "rejected", refusal: { message: "no buying power" } },
    });
  });
});

describe("an exit under an explicit id that the broker refused", () => {
  const STILL_HELD = { type: "still_held" } as const;

  function refused(identity: object, said: Partial<Refusal> = {}) {
    const ledger = new MemoryLedger().adopt("6", "75");
    const first = proceeded(ledger.claim(sell("6", identity)));
    ledger.answer(first, { kind: "refused", refusal: refusal(said) });
    return { ledger, first };
  }

  test.each([
    ["the bot's client_order_id", underBotId("exit-1"), "exit-1"],
    ["a request id", underRequestId("r-1"), expect.stringMatching(/^tl-[0-9a-f]{32}-2$/)],
  ])("is sent again under %s once its shares are still held", (_, identity, clientOrderId) => {
    const { ledger, first } = refused(identity);
    expect(blockOf(ledger.claim(sell("6", identity))).code).toBe("exit_duplicate_after_422");
    ledger.judge(first, STILL_HELD);
    const again = ledger.after(60 * SECOND).claim(sell("6", identity));
    expect(again).toMatchObject({ kind: "proceed", reopened: true });
    expect(proceeded(again)).toMatchObject({ key: first.key, attempt: 2, clientOrderId });
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
  });

  test("is latched again by the next refusal", () => {
    const identity = underBotId("exit-1");
    const { ledger, first } = refused(identity);
    ledger.judge(first, STILL_HELD);
    const second = proceeded(ledger.claim(sell("6", identity)));
    ledger.answer(second, { kind: "refused", refusal: refusal() });
    expect(blockOf(ledger.claim(sell("6", identity))).code).toBe("exit_duplicate_after_422");
  });

  test("is not sent again where the broker does not take such an order at all", () => {
    const identity = underBotId("exit-1");
    const { ledger, first } = refused(identity, { reason: "sub_penny" });
    ledger.judge(first, { type: "malformed" });
    expect(ledger.claim(sell("6", identity))).toMatchObject({
      kind: "skip",
      receipt: { outcome: "rejected", refusal: { reason: "sub_penny" } },
    });
  });

  test("is not sent again where the position had gone", () => {
    const identity = underBotId("exit-1");
    const { ledger, first } = refused(identity);
    ledger.judge(first, { type: "flatness_proved", provenance: "venue" });
    expect(ledger.claim(sell("6", identity))).toMatchObject({
      kind: "skip",
      receipt: { outcome: "already_flat" },
    });
  });

  test("is not sent again where the broker has an order of somebody else's under that id", () => {
    const identity = underBotId("exit-1");
    const ledger = new MemoryLedger().adopt("6", "75");
    const first = proceeded(ledger.claim(sell("6", identity)));
    ledger.answer(first, { kind: "id_taken", message: "client_order_id must be unique" });
    ledger.read(first, orderOf(first, { quantity: decimal("2") }));
    expect(ledger.get(first.key)).toMatchObject({ status: "SETTLED", outcome: "rejected" });
    expect(ledger.claim(sell("6", identity)).kind).toBe("skip");
  });
});

describe("a reopened attempt", () => {
  test("keeps its first client_order_id though the bot made a new one for its retry", () => {
    const ledger = new MemoryLedger({ clientIdIsIdentity: false });
    const first = proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
    expect(first.clientOrderId).toBe("bot-1");
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    const again = ledger.claim(buy("6", underBotId("bot-2")));
    expect(again).toMatchObject({ kind: "proceed", reopened: true });
    expect(proceeded(again).clientOrderId).toBe("bot-1");
  });

  test("reserves its shares anew, and only once", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    const first = proceeded(ledger.claim(sell("12")));
    ledger.conclude(first);
    expect(ledger.book().reservations).toEqual([]);
    const { arrivals } = ledger.book();
    ledger.claim(sell("12"));
    expect(ledger.book().arrivals).toBe(arrivals);
    expect(ledger.book().reservations).toEqual([
      { agent: first.key.agent, requestId: first.key.requestId, quantity: "12" },
    ]);
  });

  test("is not opened when another close holds the shares by now", () => {
    const ledger = new MemoryLedger().adopt("12", "75");
    ledger.conclude(proceeded(ledger.claim(sell("12"))));
    const other = proceeded(ledger.claim(sell("5")));
    const again = ledger.claim(sell("12"));
    expect(blockOf(again)).toMatchObject({
      code: "insufficient_quantity",
      cause: other.key,
      availableQuantity: "7",
    });
    expect(ledger.book().reservations).toHaveLength(1);
  });
});

test.each(["canceled", "expired", "rejected"])(
  "an exit under an id of its own that the broker took, and that was %s, is not sent again",
  (status) => {
    const ledger = new MemoryLedger().adopt("6", "75");
    const exit = sell("6", underRequestId("exit"));
    const claim = proceeded(ledger.claim(exit));
    ledger.accept(claim, orderOf(claim));
    ledger.read(claim, orderOf(claim, { status }));
    expect(ledger.claim(exit)).toMatchObject({ kind: "skip", receipt: { outcome: status } });
  },
);

describe("a close of a part whose first try was lost, and that came to other shares then", () => {
  const ALL = { portion: "all", ...underRequestId("exit-1") } as const;

  /** Lost while ten were held; opened again while six are. */
  function openedAgain() {
    const ledger = new MemoryLedger().adopt("10", "75");
    const first = proceeded(ledger.claim(sell("10", ALL)));
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    const part = proceeded(ledger.claim(sell("4", underRequestId("part"))));
    ledger.accept(part, filledOrder(part));
    const again = proceeded(ledger.claim(sell("6", ALL)));
    return { ledger, first, again };
  }

  test("asks for what it comes to now, under the same client_order_id", () => {
    const { ledger, first, again } = openedAgain();
    expect(again).toMatchObject({
      ...{ key: first.key, clientOrderId: first.clientOrderId, earlierQuantities: ["10"] },
      intent: { side: "sell", quantity: "6", portion: "all" },
    });
    expect(ledger.book().reservations).toMatchObject([{ quantity: "6" }]);
    const folded = ledger.replayed();
    expect(folded.get(again.key)).toEqual(ledger.get(again.key));
    expect(folded.book()).toEqual(ledger.book());
  });

  test("has the order of the first try where that is the one that came", () => {
    const { ledger, first, again } = openedAgain();
    ledger.answer(again, { kind: "id_taken", message: "client_order_id must be unique" });
    const after = ledger.read(again, orderOf(first, { status: "new" }));
    expect(after.brokerOrderId).not.toBeNull();
    expect(after.intent.quantity).toBe("10");
  });

  test("has its own order where that is the one that came, and none for other shares", () => {
    const { ledger, again } = openedAgain();
    ledger.loseAnswer(again);
    expect(ledger.read(again, orderOf(again, { quantity: decimal("7") })).brokerOrderId).toBeNull();
    expect(ledger.read(again, orderOf(again)).brokerOrderId).not.toBeNull();
  });

  test("keeps what it asked for once its own order came, whatever replaces that", () => {
    const { ledger, again } = openedAgain();
    ledger.accept(again, orderOf(again));
    const order = orderOf(again, { status: "replaced" });
    const successor = orderOf(again, {
      ...{ brokerOrderId: "next" as BrokerOrderId, replaces: order.brokerOrderId },
      quantity: decimal("10"),
    });
    const read = { order, successor, source: "poll", now: ledger.now } as const;
    ledger.record(again.key, { type: "replaced", ...read });
    const after = ledger.get(again.key);
    expect(after).toMatchObject({ brokerOrderId: "next", intent: { quantity: "6" } });
  });

  test("knows the shares of every lost try, until one is answered", () => {
    const { ledger, again } = openedAgain();
    ledger.loseAnswer(again);
    ledger.proveAbsent(again);
    const part = proceeded(ledger.claim(sell("2", underRequestId("part-2"))));
    ledger.accept(part, filledOrder(part));
    const third = proceeded(ledger.claim(sell("4", ALL)));
    expect(third.earlierQuantities).toEqual(["10", "6"]);
    ledger.conclude(third);
    const fourth = proceeded(ledger.claim(sell("4", ALL)));
    expect(fourth.earlierQuantities).toEqual(["10", "6"]);
  });

  test("remembers no other shares where it comes to as many as before", () => {
    const ledger = new MemoryLedger().adopt("10", "75");
    const first = proceeded(ledger.claim(sell("10", ALL)));
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    const again = proceeded(ledger.claim(sell("10", ALL)));
    expect(again).toMatchObject({ hasLostTry: true });
    expect(again).not.toHaveProperty("earlierQuantities");
  });

  test("is opened on the other side for as many shares, where the first was never sent", () => {
    const ledger = new MemoryLedger({ allowShort: true }).adopt("6", "75");
    ledger.conclude(proceeded(ledger.claim(sell("6", ALL))));
    ledger.adopt("-6", "75");
    const again = proceeded(ledger.claim({ ...sell("6", ALL), side: "buy" }));
    expect(again.intent).toMatchObject({ side: "buy", quantity: "6" });
    expect(ledger.get(again.key).intent.side).toBe("buy");
  });

  test("is not opened on the other side, where the lost one may come yet", () => {
    const ledger = new MemoryLedger({ allowShort: true }).adopt("10", "75");
    const first = proceeded(ledger.claim(sell("10", ALL)));
    ledger.loseAnswer(first);
    ledger.proveAbsent(first);
    const part = proceeded(ledger.claim(sell("10", underRequestId("part"))));
    ledger.accept(part, filledOrder(part));
    const short = { ...sell("5", underRequestId("short")), effect: "open" } as const;
    const opened = proceeded(ledger.claim(short));
    ledger.accept(opened, filledOrder(opened));
    expect(ledger.book().net).toBe("-5");
    expect(blockOf(ledger.claim({ ...sell("5", ALL), side: "buy" })).difference).toEqual({
      ...{ field: "side", first: "sell", second: "buy" },
    });
  });
});

describe("the same request id with other terms", () => {
  test("is refused, naming the field and the claim, also where it could be opened again", () => {
    const ledger = new MemoryLedger();
    const first = proceeded(ledger.claim(buy("6", { anchor: BAR })));
    const during = blockOf(ledger.claim(buy("12", { anchor: BAR })));
    expect(during).toMatchObject({
      code: "fingerprint_mismatch",
      cause: first.key,
      difference: { field: "quantity", first: "6", second: "12" },
    });
    expect(during.message).toContain("quantity 6, now with 12");
    ledger.conclude(first);
    expect(blockOf(ledger.claim(buy("12", { anchor: BAR }))).code).toBe("fingerprint_mismatch");
    expect(ledger.story(first.key)).toEqual(["claimed", "not_sent_concluded", "sealed"]);
  });

  test("is refused for another symbol under the bot's own id, and leaves both books alone", () => {
    const ledger = new MemoryLedger();
    proceeded(ledger.claim(buy("6", underBotId("bot-1"))));
    const other = buy("6", { ...underBotId("bot-1"), symbol: "SQQQ" });
    expect(blockOf(ledger.claim(other)).difference).toEqual({
      field: "symbol",
      first: "TQQQ",
      second: "SQQQ",
    });
    expect(ledger.book("SQQQ").episode).toBe(0);
  });

  test("in the price alone is refused as well", () => {
    const ledger = new MemoryLedger();
    const limit = { ...underRequestId("r-1"), type: "limit" } as const;
    proceeded(ledger.claim(buy("6", { ...limit, limitPrice: decimal("75") })));
    const other = ledger.claim(buy("6", { ...limit, limitPrice: decimal("75.5") }));
    expect(blockOf(other).difference?.field).toBe("limitPrice");
  });
});
