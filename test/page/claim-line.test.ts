import { expect, test } from "vitest";
import { claimLine } from "../../src/page/model/claim-line.ts";
import type { ClaimView } from "../../src/page/sidecar-answers.ts";

const CLAIM = {
  ...{ agent: "momentum", requestId: "r-1", status: "SETTLED", clientOrderId: "tl-1" },
  ...{ bookedQuantity: "6", averagePrice: "75.333333333", outcome: "filled", provenance: "venue" },
  ...{ refusal: null, unknownBecause: null, orderStatus: "filled", brokerOrderId: "b-1" },
  intent: {
    ...{ side: "buy", effect: "open", quantity: "6", notional: null, portion: null },
    ...{ symbol: "TQQQ", reason: "entry, base", decisionId: "d-1" },
  },
} as unknown as ClaimView;

test("a multi-leg order is told by its contracts", () => {
  const legs = [
    { symbol: "SPY270115C00500000", side: "buy", ratio_qty: "1" },
    { symbol: "SPY270115C00510000", position_intent: "sell_to_open", ratio_qty: "2" },
  ];
  const extension = { order_class: "mleg", legs };
  const intent = { ...CLAIM.intent, symbol: "MLEG", quantity: "2", extension };
  const what = "buy 2 SPY270115C00500000, sell 4 SPY270115C00510000";
  expect(claimLine({ ...CLAIM, intent } as ClaimView).what).toBe(what);
});

test("a line says what was wanted and what became of it", () => {
  expect(claimLine(CLAIM)).toMatchObject({
    ...{ what: "buy 6 TQQQ", effect: "entry", state: "settled", outcome: "filled" },
    ...{ filled: "6 @ 75.3333", tone: "good" },
  });
  const refusal = { httpStatus: 422, message: "mismatch" };
  const stuck = { ...CLAIM, status: "IN_RECONCILIATION", outcome: null, refusal } as ClaimView;
  expect(claimLine(stuck)).toMatchObject({
    ...{ state: "in reconciliation", tone: "bad" },
    outcome: "refused with 422, waits for a verdict",
  });
  const guessed = { ...CLAIM, outcome: "already_flat", provenance: "inferred" } as ClaimView;
  expect(claimLine(guessed).outcome).toBe("already flat, inferred");
});
