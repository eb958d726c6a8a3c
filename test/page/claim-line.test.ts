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
