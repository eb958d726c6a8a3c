import { describe, expect, it } from "vitest";
import {
  readOrder,
  readOrderBody,
  readOrdersBody,
  readParsedOrder,
  readWireOrders,
  wireOrdersIn,
} from "../../src/broker/alpaca/wire-order.ts";
import { readPositionsBody } from "../../src/broker/alpaca/wire-position.ts";
import { parseJsonText } from "../../src/core/json-text.ts";
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
    expect(readOrdersBody(`[${body}]`)?.orders ?? []).toEqual([]);
    expect(readParsedOrder(JSON.parse(body))).toBeUndefined();
    expect(readWireOrders(`[${body}]`)).toBeUndefined();
  });
});

describe("a page of orders as it came", () => {
  it("hands on those that are orders at all, and none of what is no list", () => {
    const others = [null, "text", {}, { id: 5 }, []];
    expect(wireOrdersIn(JSON.stringify([...others, ORDER]))).toEqual([ORDER]);
    for (const body of [text({}), "null", "[", "<html></html>"]) {
      expect(wireOrdersIn(body), body).toEqual([]);
    }
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

  it("has null for what it does not tell", () => {
    const quiet = {
      ...{ limit_price: undefined, stop_price: undefined, submitted_at: undefined },
      ...{ replaced_by: undefined, replaces: undefined, notional: undefined },
    };
    const { id, client_order_id: clientOrderId } = ORDER;
    expect(readOrderBody(text(quiet))).toEqual({
      ...{ brokerOrderId: id, clientOrderId, symbol: "AAPL", side: "buy", quantity: "6" },
      ...{ notional: null, type: "market", timeInForce: "day", status: "filled" },
      ...{ limitPrice: null, stopPrice: null, submittedAt: null, replacedBy: null },
      ...{ replaces: null, filledQuantity: "6", filledAveragePrice: "190.123456" },
    });
  });

  it("is read with its prices, and with the orders that it replaces and that replaced it", () => {
    const terms = { limit_price: "-0.35", stop_price: "181.5", replaced_by: "b", replaces: "a" };
    expect(readOrderBody(text(terms))).toMatchObject({
      ...{ limitPrice: "-0.35", stopPrice: "181.5", replacedBy: "b", replaces: "a" },
    });
  });

  it("is the same where its body was parsed elsewhere", () => {
    expect(readParsedOrder(ORDER as never)).toEqual(readOrderBody(text({})));
  });

  it("is unreadable with a time that is none, without an amount, or below zero", () => {
    for (const changes of [
      { submitted_at: "yesterday" },
      { submitted_at: "" },
      { qty: null, notional: null },
      { stop_price: "-1" },
      { filled_qty: "6", filled_avg_price: null },
    ]) {
      expect(readOrderBody(text(changes)), JSON.stringify(changes)).toBeUndefined();
    }
    expect(readOrderBody(text({ filled_qty: "0", filled_avg_price: null }))).toBeDefined();
    expect(readOrderBody(text({ qty: null, notional: "250.5" }))).toMatchObject({
      ...{ quantity: null, notional: "250.5" },
    });
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

  it("is unreadable where a field that may be absent holds something else", () => {
    for (const field of ["limit_price", "submitted_at", "replaced_by", "replaces", "legs"]) {
      for (const value of ["", {}, true]) {
        expect(readOrderBody(text({ [field]: value })), field).toBeUndefined();
      }
      expect(readOrderBody(text({ [field]: null })), field).toBeDefined();
    }
  });

  it("is unreadable with a time in a list, and by its own fields also with legs", () => {
    expect(readOrderBody(text({ submitted_at: [ORDER.submitted_at] }))).toBeUndefined();
    const leg = { ...ORDER, legs: null };
    expect(readOrderBody(text({ legs: [leg] }))).toBeDefined();
    expect(readOrderBody(text({ status: "", legs: [leg] }))).toBeUndefined();
  });

  it("is unreadable with a leg that is, and takes its type for a leg that has none", () => {
    const leg = { ...ORDER, legs: null, type: "" };
    const legs = (changes: object) => text({ type: "limit", legs: [leg, { ...leg, ...changes }] });
    expect(readOrderBody(legs({ type: "stop" }))?.legs).toMatchObject([
      { type: "limit" },
      { type: "stop" },
    ]);
    for (const changes of [{ type: {} }, { side: "short" }, { filled_avg_price: null }]) {
      expect(readOrderBody(legs(changes)), JSON.stringify(changes)).toBeUndefined();
    }
    expect(readOrderBody(text({ legs: [[]] }))).toBeUndefined();
  });

  it("is unreadable with an amount that is not a plain number", () => {
    for (const amount of ["-6", "six", "1e3", "Infinity", "6 shares", true, ["6"]]) {
      expect(readOrderBody(text({ filled_qty: amount })), String(amount)).toBeUndefined();
    }
  });

  it("passes with a status and with fields that nobody has documented", () => {
    const order = readOrderBody(text({ status: "pending_review", tomorrow: { a: 1 } }));
    expect(order?.status).toBe("pending_review");
  });
});

describe("a list on the wire", () => {
  it("says how many of its entries cannot be read, beside those that can", () => {
    const page = readOrdersBody(`[${text({})},${text({ id: null })},7]`);
    expect(page).toMatchObject({ orders: [readOrderBody(text({}))], unread: 2 });
    expect(readOrdersBody('{"orders":[]}')).toBeUndefined();
    expect(readPositionsBody('{"positions":[]}')).toBeUndefined();
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

  it("hands orders on as they are, and none of them when one is no order", () => {
    const wire = [{ id: "a", qty: 1.5 }, { id: "b" }];
    expect(readWireOrders(JSON.stringify(wire))).toEqual(wire);
    expect(readWireOrders("[]")).toEqual([]);
    for (const body of ['{"id":"a"}', '[{"id":"a"},{"id":1}]', '[{"id":"a"},null]', "[", "null"]) {
      expect(readWireOrders(body), body).toBeUndefined();
    }
  });

  it("counts its entries and their legs, and keeps the page as it came", () => {
    const body = `[${text({})}, ${text({ id: "other" })}]`;
    expect(readOrdersBody(body)).toMatchObject({ body, length: 2, unread: 0 });
    const leg = { ...ORDER, id: "leg", legs: null };
    const nested = `[${text({ legs: [leg, leg] })}, ${text({ id: "other" })}]`;
    expect(readOrdersBody(nested)).toMatchObject({ orders: { length: 2 }, length: 4 });
    expect(readOrdersBody("[]")).toEqual({ orders: [], body: "[]", length: 0, unread: 0 });
  });

  it("does not read a multi-leg order that filled at no price", () => {
    const combo = { order_class: "mleg", symbol: "", side: "", filled_qty: "1" };
    expect(readOrderBody(text({ ...combo, filled_avg_price: null }))).toBeUndefined();
  });

  it("reads no orders inside an order that shows none, and none that cannot be read", () => {
    for (const legs of [undefined, null, []]) {
      expect(readOrderBody(text({ legs })), String(legs)).not.toHaveProperty("legs");
    }
    const leg = { ...ORDER, id: "leg", side: "buy" };
    expect(readOrderBody(text({ legs: [leg] }))?.legs).toMatchObject([{ side: "buy" }]);
    expect(readOrderBody(text({ legs: [{ ...leg, side: "hold" }] }))).toBeUndefined();
    expect(readOrderBody(text({ legs: [{ ...leg, filled_avg_price: null }] }))).toBeUndefined();
    const combo = { order_class: "mleg", symbol: "", side: "", legs: [leg] };
    expect(readOrderBody(text(combo))?.legs).toHaveLength(1);
  });

  it("reads the orders inside an order, whose type may be left to it", () => {
    const leg = { ...JSON.parse(text({})), id: "leg", type: "", side: "sell" };
    const order = readOrder(parseJsonText(text({ order_class: "bracket", legs: [leg] })));
    expect(order?.legs).toMatchObject([{ brokerOrderId: "leg", side: "sell", type: "market" }]);
  });
});
