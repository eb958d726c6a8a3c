import { expect, test } from "vitest";
import { decimal } from "../../src/core/decimal.ts";
import type { StoredEvent } from "../../src/ledger/ledger.ts";
import { sessionMarks } from "../../src/operator/session-mark.ts";

const BOUGHT = { type: "leg_booked", side: "buy", quantity: "0.5", cost: "50" };
const ADJUSTED = { type: "position_adjusted", net: "0.49875", averagePrice: "100", incident: 0 };

function netsOf(adjusted: object): readonly unknown[] {
  const events = [
    { subject: "claim", key: {}, body: BOUGHT },
    { subject: "book", body: adjusted },
  ].map((event, index) => ({ ...event, sequence: index + 1, at: index, symbol: "BTC/USD" }));
  const net = () => decimal("0.49875");
  const marks = sessionMarks(events as unknown as StoredEvent[], () => undefined, net);
  return marks.map((mark) => mark.net);
}

test("the position before a fee is known, and before any other adjustment it is not", () => {
  expect(netsOf({ ...ADJUSTED, fee: "0.00125" })).toEqual(["0.5", "0.49875"]);
  expect(netsOf(ADJUSTED)).toEqual([null, "0.49875"]);
});
