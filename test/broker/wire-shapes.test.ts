import { describe, expect, it } from "vitest";

import { parseJsonText } from "../../src/broker/alpaca/json-text.ts";
import {
  readOrder,
  readOrderBody,
  readOrdersBody,
  readParsedOrder,
  readWireOrders,
} from "../../src/broker/alpaca/wire-order.ts";
import { readPositionsBody } from "../../src/broker/alpaca/wire-position.ts";
import { bodyOf, fixture } from "./wire-fixtures.ts";

const ORDER = JSON.parse(bodyOf(fixture("accepted-filled"))) as Record<string, unknown>;
const text = (changes: object) => JSON.stringify({ ...ORDER, ...changes });

describe("JSON from the broker", () => {
  it("keeps every digit of a number", () => {
    const body = '{"qty": 0.123456789012345678, "a": [1e3, -2.50], "s": "x 1.5 \\" 2, 3"}';
    expect(parseJsonText(body)).toEqual({
      qty: "0.123456789012345678",
      a: ["1e3", "-2.50"],
      s: 'x 1.5 " 2, 3',
    });
  });

  it("is not JSON when only its beginning, or only a lenient reader, makes it so", () => {
    for (const body of ["", '{"a":1', '{"a":01}', '{"a":1} trailing', "<html></html>", "NaN"]) {
      expect(parseJsonText(body), body).toBeUndefined();
    }
  });

  it("is not read where it is a nest without a bottom, which would use up the stack", () => {
    const legs = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
    const body = text({}).replace('"legs":null', `"legs":${legs}`);
    expect(body).toContain(legs);
    expect(readOrderBody(body)).toBeUndefined();
    expect(readOrdersBody(`[${body}]`)).toBeUndefined();
    expect(readParsedOrder(JSON.parse(body))).toBeUndefined();
    expect(readWireOrders(`[${body}]`)).toBeUndefined();
  });
});

describe("an order on the wire", () => {
  it("is read with its amounts as exact decimals, written as strings or as numbers", () => {
    expect(readOrderBody(text({}))).toMatchObject({
      quantity: "6",
      filledAveragePrice: "190.123456",
      submittedAt: Date.parse("2026-11-20T14:31:02.494Z"),
    });
    const numbers = text({}).replace('"filled_qty":"6"', '"filled_qty":5.123456789123456789');
    expect(readOrderBody(numbers)?.filledQuantity).toBe("5.123456789123456789");
  });

  it("is unreadable without any one field that a decision rests on", () => {
    for (const field of [
      "id",
      "client_order_id",
      "symbol",
      "side",
      "status",
      "qty",
      "filled_qty",
      "filled_avg_price",
      "type",
      "time_in_force",
    ]) {
      expect(readOrderBody(text({ [field]: undefined })), field).toBeUndefined();
      expect(readOrderBody(text({ [field]: {} })), field).toBeUndefined();
      expect(readOrderBody(text({ [field]: "" })), field).toBeUndefined();
    }
  });

  it("is unreadable with an amount that is not a plain number", () => {
    for (const amount of ["-6", "six", "1e3", "Infinity", "6 shares", true]) {
      expect(readOrderBody(text({ filled_qty: amount })), String(amount)).toBeUndefined();
    }
  });

  it("passes with a status and with fields that nobody has documented", () => {
    const order = readOrderBody(text({ status: "pending_review", tomorrow: { a: 1 } }));
    expect(order?.status).toBe("pending_review");
  });
});

describe("a list on the wire", () => {
  it("is unreadable as a whole when one entry is", () => {
    expect(readOrdersBody(`[${text({})},${text({ id: null })}]`)).toBeUndefined();
    expect(readOrdersBody('{"orders":[]}')).toBeUndefined();
    expect(readPositionsBody('[{"symbol":"AAPL"}]')).toBeUndefined();
    expect(readPositionsBody("")).toBeUndefined();
  });

  it("reads multi-leg orders under a name of their own, at a net price of either sign", () => {
    const multiLeg = text({
      ...{ id: "m", symbol: "", side: "", order_class: "mleg", legs: null },
      ...{ filled_qty: "1", filled_avg_price: "-0.35" },
    });
    const page = readOrdersBody(`[${text({})},${multiLeg}]`);
    expect(page?.orders.map((order) => order.symbol)).toEqual(["AAPL", "MLEG"]);
    expect(page?.orders[1]).toMatchObject({ side: "buy", filledAveragePrice: "-0.35" });
  });

  it("reads the orders inside an order, whose type may be left to it", () => {
    const leg = { ...JSON.parse(text({})), id: "leg", type: "", side: "sell" };
    const order = readOrder(parseJsonText(text({ order_class: "bracket", legs: [leg] })));
    expect(order?.legs).toMatchObject([{ brokerOrderId: "leg", side: "sell", type: "market" }]);
  });
});
