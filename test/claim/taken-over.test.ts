/** A claim whose order the broker has replaced by that of another exit of its family. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import { takenOverEvents } from "../../src/claim/decide-legs.ts";
import { evolveClaim } from "../../src/claim/evolve.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { BrokerOrderId, ClaimKey } from "../../src/core/ids.ts";
import { type OrderChanges, orderOf, START } from "./builders.ts";
import { adopted, legOf, OCO, parentOf } from "./family-builders.ts";

const OVER = { status: "SETTLED", outcome: "filled", bookedQuantity: decimal("6") } as const;

/** An oco for six shares, and its stop as it is after `changes`. */
function exits(changes: Partial<Claim> = OVER) {
  const profit = parentOf(OCO);
  const stop = { ...adopted(profit, legOf(profit, "stop", { type: "stop" })), ...changes };
  return { profit, stop };
}

interface Read {
  readonly order?: OrderChanges;
  readonly holder?: ClaimKey;
  readonly hasNoSuccessor?: true;
}

function takenOver(claim: Claim, others: readonly Claim[], read: Read) {
  const { order, holder, hasNoSuccessor } = read;
  const replaced = orderOf(claim, { status: "replaced", ...order });
  const command = { order: replaced, source: "poll", now: START } as const;
  const events = takenOverEvents(
    claim,
    others,
    hasNoSuccessor === undefined ? command : { ...command, hasNoSuccessor },
    holder,
  );
  return events?.reduce<Claim>((before, event) => {
    return evolveClaim(before, claim.key, event, START);
  }, claim);
}

describe("a claim whose order was replaced by another exit's", () => {
  test("ends as that has ended, with what it has filled itself", () => {
    const { profit, stop } = exits();
    const read = { holder: stop.key, order: { filled: "2" } };
    expect(takenOver(profit, [stop], read)).toMatchObject({
      ...{ status: "FINAL", orderStatus: "replaced", bookedQuantity: "2" },
    });
  });

  test("waits for the exit that holds the order, and not for another one", () => {
    const { profit, stop } = exits({ status: "IN_RECONCILIATION" });
    const other = adopted(profit, legOf(profit, "other"));
    const over = { ...other, ...OVER };
    const read = { holder: stop.key };
    expect(takenOver(profit, [stop], read)).toBeUndefined();
    expect(takenOver(profit, [stop, over], read)).toBeUndefined();
    expect(takenOver(profit, [other, { ...stop, ...OVER }], read)?.status).toBe("FINAL");
  });
});

describe("where the broker names no order in its place", () => {
  const NOBODY = { hasNoSuccessor: true } as const;

  test("one exit that has filled all that was left ends it", () => {
    const { profit, stop } = exits();
    const idle = adopted(profit, legOf(profit, "other"));
    expect(takenOver(profit, [idle, stop], NOBODY)?.status).toBe("FINAL");
    const partly = { ...profit, bookedQuantity: decimal("2") };
    const rest = exits({ ...OVER, bookedQuantity: decimal("4") }).stop;
    expect(takenOver(partly, [rest], NOBODY)?.status).toBe("FINAL");
  });

  test.each<[string, Partial<Claim>]>([
    ["has filled less", { ...OVER, bookedQuantity: decimal("5") }],
    ["was canceled", { ...OVER, outcome: "canceled" }],
    ["works still", { ...OVER, status: "IN_RECONCILIATION" }],
  ])("one that %s does not", (_, changes) => {
    const { profit, stop } = exits(changes);
    expect(takenOver(profit, [stop], NOBODY)).toBeUndefined();
  });

  test("nothing is concluded before the broker was asked for one", () => {
    const { profit, stop } = exits();
    expect(takenOver(profit, [stop], {})).toBeUndefined();
  });
});

describe("no other exit takes over", () => {
  test.each<[string, Read, Partial<Claim>]>([
    ["an order that works", { order: { status: "new" } }, {}],
    ["an order that was canceled", { order: { status: "canceled" } }, {}],
    ["an order that is not the claim's", {}, { brokerOrderId: "another" as BrokerOrderId }],
    ["the order of a claim that is over", {}, { status: "SETTLED" }],
    ["the order of a claim whose answer is not known", {}, { status: "OPEN" }],
  ])("%s", (_, read, changes) => {
    const { profit, stop } = exits();
    const { brokerOrderId } = profit;
    if (brokerOrderId === null) throw new Error("the order has no id");
    const order = { brokerOrderId, ...read.order };
    const claim = { ...profit, ...changes };
    expect(takenOver(claim, [stop], { holder: stop.key, order })).toBeUndefined();
  });
});
