/** Orders found under a claim's client_order_id: which are ours, and which are not (section 3). */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClientOrderId } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import {
  blockOf,
  buy,
  filledOrder,
  type OrderChanges,
  OTHER_AGENT,
  orderOf,
  proceeded,
  refusal,
  SECOND,
  sell,
  underBotId,
  underRequestId,
} from "./builders.ts";
import { MemoryLedger } from "./memory-ledger.ts";

const BOT = underBotId("bot-1");

type Loss = "lost" | "taken";

/** A claim of `intent` whose POST got no answer, or the answer that its id was used before. */
function sent(intent: Intent, loss: Loss = "taken"): { ledger: MemoryLedger; claim: Claim } {
  const ledger = new MemoryLedger();
  const claim = proceeded(ledger.claim(intent));
  ledger.answer(
    claim,
    loss === "taken"
      ? { kind: "id_taken", message: "client_order_id must be unique" }
      : { kind: "ambiguous", reason: "timeout" },
  );
  return { ledger, claim };
}

/** Every parameter by which an order can differ from what was asked. */
const OTHER_PARAMETERS: readonly (readonly [string, OrderChanges])[] = [
  ["symbol", { symbol: "SQQQ" }],
  ["side", { side: "sell" }],
  ["quantity", { quantity: decimal("7") }],
  ["dollars instead of shares", { quantity: null, notional: decimal("452") }],
  ["type", { type: "stop" }],
  ["time in force", { timeInForce: "gtc" }],
  ["limit price", { limitPrice: decimal("75.2") }],
];

const LIMIT = { type: "limit", limitPrice: decimal("75.1") } as const;

describe("an order found under an id of ours", () => {
  test.each<Loss>(["lost", "taken"])(
    "is adopted when it agrees, the answer having been %s",
    (loss) => {
      const { ledger, claim } = sent(buy("6"), loss);
      const after = ledger.after(SECOND).read(claim, filledOrder(claim), "read_back");
      expect(after).toMatchObject({ status: "SETTLED", outcome: "filled", unknownBecause: null });
      expect(after.certainAt).toBe(ledger.now);
      expect(ledger.book().net).toBe("6");
    },
  );

  test("is adopted however old the broker says that it is", () => {
    const { ledger, claim } = sent(buy("6"));
    const old = orderOf(claim, { submittedAt: claim.openedAt - 3_600 * SECOND });
    expect(ledger.read(claim, old).brokerOrderId).toBe(old.brokerOrderId);
  });

  test.each(OTHER_PARAMETERS)(
    "with another %s is not ours: the broker has kept ours out",
    (_, change) => {
      const { ledger, claim } = sent(buy("6", LIMIT));
      const after = ledger.read(
        claim,
        orderOf(claim, { status: "filled", filled: "6", ...change }),
      );
      expect(after).toMatchObject({ status: "SETTLED", outcome: "rejected", brokerOrderId: null });
      expect(ledger.story(claim.key).slice(-2)).toEqual(["id_owned_elsewhere", "sealed"]);
      expect(ledger.book().net).toBe("0");
    },
  );

  test.each(OTHER_PARAMETERS)(
    "with another %s proves nothing where no answer came",
    (_, change) => {
      const { ledger, claim } = sent(buy("6", LIMIT), "lost");
      const before = ledger.get(claim.key);
      ledger.read(claim, orderOf(claim, { status: "filled", filled: "6", ...change }));
      expect(ledger.get(claim.key)).toEqual(before);
    },
  );

  test("may show prices that were not asked for", () => {
    const { ledger, claim } = sent(buy("6"));
    const order = orderOf(claim, { stopPrice: decimal("74"), limitPrice: decimal("75") });
    expect(ledger.read(claim, order).brokerOrderId).toBe(order.brokerOrderId);
  });

  test("and another id than the claim's is not the claim's", () => {
    const { ledger, claim } = sent(buy("6"));
    const before = ledger.get(claim.key);
    ledger.read(claim, orderOf(claim, { clientOrderId: "tl-other-1" as ClientOrderId }));
    expect(ledger.get(claim.key)).toEqual(before);
  });
});

describe("an order under the id of a numbered exit", () => {
  /** No try of a claim is older than it by more: the window, and what clocks may be apart. */
  const LONG_MS = (45 + 10) * SECOND;
  const NUMBERED = { anchor: { episode: 1, leg: "all" } } as const;

  function exitSent(changes: Partial<Intent>, isBrokerTimeKnown = true) {
    const ledger = new MemoryLedger();
    ledger.adopt("6", "70");
    ledger.brokerTime = isBrokerTimeKnown ? ledger.now : null;
    const claim = proceeded(ledger.claim(sell("6", changes)));
    ledger.answer(claim, { kind: "ambiguous", reason: "timeout" });
    return { ledger, claim };
  }

  function isAdopted(
    { ledger, claim }: ReturnType<typeof exitSent>,
    age: number | null,
    order = filledOrder(claim),
  ): boolean {
    const submittedAt = age === null ? null : claim.openedAt - age;
    return ledger.read(claim, { ...order, submittedAt }).brokerOrderId !== null;
  }

  test("is an earlier ledger's where it was over long before", () => {
    expect(isAdopted(exitSent(NUMBERED), LONG_MS + 1)).toBe(false);
    expect(isAdopted(exitSent(NUMBERED), LONG_MS)).toBe(true);
  });

  test("is the claim's while it works, and where nobody knows how old it or the claim is", () => {
    const sentNow = exitSent(NUMBERED);
    expect(isAdopted(sentNow, LONG_MS + 1, orderOf(sentNow.claim))).toBe(true);
    expect(isAdopted(exitSent(NUMBERED), null)).toBe(true);
    expect(isAdopted(exitSent(NUMBERED, false), LONG_MS + 1)).toBe(true);
  });

  test("is the claim's however old it is, where no number of a life is in the id", () => {
    const unnumbered = [{}, { anchor: { bar: "09:42", stage: "base" } }, underRequestId("exit-1")];
    for (const changes of unnumbered) {
      expect(isAdopted(exitSent(changes), LONG_MS + 1)).toBe(true);
    }
  });
});

describe("an order in dollars", () => {
  const dollars = () => buy("1", { quantity: null, notional: decimal("452") });

  test("is adopted for the same dollars, whatever shares they come to", () => {
    const { ledger, claim } = sent(dollars());
    const order = orderOf(claim, { filled: "6.01", status: "filled" });
    expect(ledger.read(claim, order)).toMatchObject({ outcome: "filled" });
  });

  test("is not ours for other dollars", () => {
    const { ledger, claim } = sent(dollars());
    const other = orderOf(claim, { notional: decimal("453") });
    expect(ledger.read(claim, other)).toMatchObject({ outcome: "rejected", brokerOrderId: null });
  });
});

test("another's order under the same id ends a claim once, however often it is read", () => {
  const { ledger, claim } = sent(buy("6"));
  const other = orderOf(claim, { quantity: decimal("7") });
  const ended = ledger.read(claim, other);
  expect(ledger.read(claim, other)).toEqual(ended);
});

describe("an order found under the bot's own id", () => {
  test.each([
    ["as old as the clocks may differ", -10 * SECOND, "working"],
    ["as old as the claim", 0, "working"],
    ["younger than the claim", 2 * SECOND, "working"],
    ["older than the claim by more", -10 * SECOND - 1, "rejected"],
  ])("that is %s", (_, age, result) => {
    const { ledger, claim } = sent(buy("6", BOT));
    const order = orderOf(claim, { submittedAt: claim.claimedAt + age });
    const after = ledger.read(claim, order);
    expect(after.outcome ?? "working").toBe(result);
    expect(after.brokerOrderId).toBe(result === "working" ? order.brokerOrderId : null);
  });

  test.each([
    ["that is younger than the claim by the broker's clock", 0, "working"],
    ["that is older than the claim by the broker's clock", -11 * SECOND, "rejected"],
  ])("%s counts as such, whatever our own clock shows", (_, age, result) => {
    const ledger = new MemoryLedger();
    ledger.brokerTime = ledger.now - 3_600 * SECOND;
    const claim = proceeded(ledger.claim(buy("6", BOT)));
    ledger.answer(claim, { kind: "id_taken", message: "client_order_id must be unique" });
    const order = orderOf(claim, { submittedAt: ledger.brokerTime + age });
    expect(ledger.read(claim, order).outcome ?? "working").toBe(result);
  });

  test("that does not say since when it is there counts as young enough", () => {
    const { ledger, claim } = sent(buy("6", BOT));
    const after = ledger.read(claim, orderOf(claim, { submittedAt: null }));
    expect(after.brokerOrderId).not.toBeNull();
  });

  test("with other parameters is not ours", () => {
    const { ledger, claim } = sent(buy("6", BOT));
    const after = ledger.read(claim, orderOf(claim, { quantity: decimal("7") }));
    expect(after).toMatchObject({ outcome: "rejected", brokerOrderId: null });
  });

  test("that another agent's claim owns is not ours, though both have the same request id", () => {
    const ledger = new MemoryLedger();
    const theirs = proceeded(ledger.claim(buy("6", { ...BOT, agent: OTHER_AGENT })));
    const order = filledOrder(theirs);
    ledger.accept(theirs, order);
    const ours = proceeded(ledger.after(SECOND).claim(buy("6", BOT)));
    ledger.answer(ours, { kind: "id_taken", message: "client_order_id must be unique" });
    expect(ledger.read(ours, order)).toMatchObject({ outcome: "rejected", brokerOrderId: null });
    expect(ledger.book().net).toBe("6");
  });

  test("that another request of the same agent owns is not ours", () => {
    const ledger = new MemoryLedger({ clientIdIsIdentity: false });
    const first = proceeded(ledger.claim(buy("6", { ...BOT, anchor: { bar: "1", stage: "b" } })));
    const order = filledOrder(first);
    ledger.accept(first, order);
    const next = proceeded(ledger.claim(buy("6", { ...BOT, anchor: { bar: "2", stage: "b" } })));
    ledger.answer(next, { kind: "id_taken", message: "client_order_id must be unique" });
    expect(ledger.read(next, order)).toMatchObject({ outcome: "rejected", brokerOrderId: null });
  });

  test("is ours when the first try of a reopened attempt had landed after all", () => {
    const { ledger, claim } = sent(buy("6", BOT), "lost");
    const landed = orderOf(claim, { submittedAt: claim.openedAt + 40 });
    ledger.proveAbsent(claim);
    const again = proceeded(ledger.after(60 * SECOND).claim(buy("6", BOT)));
    ledger.answer(again, { kind: "id_taken", message: "client_order_id must be unique" });
    expect(ledger.read(again, landed).brokerOrderId).toBe(landed.brokerOrderId);
  });

  test("keeps its age limit though a later attempt's caller first gave an id", () => {
    const ledger = new MemoryLedger({ clientIdIsIdentity: false });
    const anchor = { bar: "1", stage: "base" };
    const first = proceeded(ledger.claim(buy("6", { anchor })));
    ledger.accept(first, orderOf(first, { status: "canceled" }));
    const second = proceeded(ledger.claim(buy("6", { ...BOT, anchor })));
    expect(second).toMatchObject({ attempt: 2, clientOrderId: "bot-1" });
    ledger.answer(second, { kind: "id_taken", message: "client_order_id must be unique" });
    const foreign = orderOf(second, {
      brokerOrderId: "last week's" as BrokerOrderId,
      submittedAt: second.claimedAt - 3_600 * SECOND,
    });
    expect(ledger.read(second, foreign)).toMatchObject({
      outcome: "rejected",
      brokerOrderId: null,
    });
  });
});

describe("another agent's order under the same bot's id is not booked by a claim whose POST", () => {
  test.each([
    ["was refused for certain", "rejected"],
    ["never left", "not_sent"],
  ])("%s", (_, outcome) => {
    const ledger = new MemoryLedger();
    const ours = proceeded(ledger.claim(buy("6", BOT)));
    if (outcome === "not_sent") ledger.conclude(ours);
    else ledger.answer(ours, { kind: "refused", refusal: refusal() });
    const theirs = proceeded(ledger.after(SECOND).claim(buy("6", { ...BOT, agent: OTHER_AGENT })));
    const order = filledOrder(theirs);
    expect(ledger.read(ours, order)).toMatchObject({ outcome, bookedQuantity: "0" });
    ledger.accept(theirs, order);
    expect(ledger.get(theirs.key)).toMatchObject({ outcome: "filled", bookedQuantity: "6" });
    expect(ledger.book().net).toBe("6");
  });
});

test("an accepted order that another claim has adopted is not booked twice, and not denied", () => {
  const ledger = new MemoryLedger();
  const theirs = proceeded(ledger.claim(buy("6", { ...BOT, agent: OTHER_AGENT })));
  const ours = proceeded(ledger.claim(buy("6", BOT)));
  const order = filledOrder(ours);
  ledger.read(theirs, order, "stream");
  const after = ledger.accept(ours, order);
  expect(after).toMatchObject({ status: "IN_RECONCILIATION", outcome: null, bookedQuantity: "0" });
  expect(after).toMatchObject({
    ...{ unknownBecause: "the order is held by claim bot-1", idTaken: false },
  });
  expect(ledger.book().net).toBe("6");
});

test("an id that is taken never proves an order absent, however often nothing is found", () => {
  const { ledger, claim } = sent(buy("6"));
  for (let round = 0; round < 20; round += 1) {
    ledger.after(10 * SECOND).notFound(claim, "single");
    ledger.notFound(claim, "list");
  }
  expect(ledger.get(claim.key)).toMatchObject({ status: "IN_RECONCILIATION", outcome: null });
  expect(ledger.claim(buy("6"))).toMatchObject({ kind: "pending", phase: "unknown" });
});

test("a claim that ended because its id is another's stays ended for its caller", () => {
  const { ledger, claim } = sent(buy("6", BOT));
  ledger.read(claim, orderOf(claim, { quantity: decimal("7") }));
  expect(ledger.claim(buy("6", BOT))).toMatchObject({
    kind: "skip",
    receipt: { outcome: "rejected" },
  });
  expect(blockOf(ledger.claim(buy("7", BOT))).code).toBe("fingerprint_mismatch");
});
