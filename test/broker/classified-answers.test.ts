/** What an answer proves, and in which words a person is told of one that proves nothing. */
import { describe, expect, it } from "vitest";
import {
  classifyAccount,
  classifyAssetLookup,
  classifyCancels,
  classifyOrderLookup,
  classifyPositionLookup,
  classifyPositions,
  classifyRead,
  classifyRefusal,
  classifySubmit,
  readErrorBody,
} from "../../src/broker/alpaca/classify.ts";
import type { HttpAnswer } from "../../src/broker/alpaca/http-answer.ts";
import { ARRIVAL, answerOf, fixture, SENT_ID } from "./wire-fixtures.ts";

function answered(httpStatus: number, body: unknown): HttpAnswer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { httpStatus, headers: {}, body: text };
}

function submitted(answer: HttpAnswer) {
  const sent = { clientOrderId: SENT_ID, now: ARRIVAL };
  return classifySubmit(answer, { endpoint: "submit", side: "sell", ...sent });
}

const PAGE = answered(200, "<html></html>");
const readText = (body: string) => (body === "none" ? undefined : body.length);

describe("an error body", () => {
  it("is a message, and a code that is absent or a whole number", () => {
    expect(readErrorBody('{"message":"m"}')).toMatchObject({ code: null, message: "m" });
    expect(readErrorBody('{"code":null,"message":"m"}')).toMatchObject({ code: null });
    expect(readErrorBody('{"code":40310000,"message":"m","symbol":"F"}')).toMatchObject({
      ...{ code: 40_310_000, fields: { symbol: "F" } },
    });
  });

  it.each([
    ["no object", "[]"],
    ["no message", '{"code":40310000}'],
    ["an object for a message", '{"message":{}}'],
    ["a truth for a code", '{"code":true,"message":"m"}'],
    ["a word for a code", '{"code":"forbidden","message":"m"}'],
    ["a code with words behind it", '{"code":"40310000 or so","message":"m"}'],
    ["a code with words before it", '{"code":"code 40310000","message":"m"}'],
    ["a code with a fraction", '{"code":40310000.5,"message":"m"}'],
    ["a list for a code", '{"code":["40310000"],"message":"m"}'],
    ["a code of ten digits", '{"code":4031000000,"message":"m"}'],
    ["a code below zero", '{"code":-1,"message":"m"}'],
  ])("is none with %s", (_, body) => {
    expect(readErrorBody(body)).toBeUndefined();
  });
});

describe("a refusal", () => {
  const refusalIn = (fields: object) =>
    classifyRefusal(
      answered(403, {
        code: 40_310_000,
        message: "insufficient qty available for order (requested: 23, available: 0)",
        ...fields,
      }),
      "submit",
      "sell",
    );

  it("names the orders that hold the shares, as far as the broker names them", () => {
    const related = (related_orders: unknown) => refusalIn({ related_orders })?.relatedOrders;
    expect(related(["a", "b"])).toEqual(["a", "b"]);
    expect(related(["a", "", null, {}, "b"])).toEqual(["a", "b"]);
    expect([related(undefined), related("a"), related(null)]).toEqual([[], [], []]);
  });

  it("names the one order that a wash trade would meet, if the broker does", () => {
    const existing = (existing_order_id: unknown) =>
      refusalIn({ existing_order_id })?.existingOrderId;
    expect(existing("a")).toBe("a");
    expect([existing(undefined), existing(""), existing({})]).toEqual([null, null, null]);
  });

  it("says what is available where that is a number", () => {
    const available = (given: unknown) => refusalIn({ available: given })?.availableQuantity;
    expect([available("2.50"), available(2)]).toEqual(["2.5", "2"]);
    for (const odd of ["few", undefined, {}, ["2"]]) expect(available(odd)).toBeNull();
  });

  it("is none where the words are known but mean something else, or are not known", () => {
    for (const name of ["client-order-id-used-before", "rate-limited", "server-error"]) {
      expect(classifyRefusal(answerOf(fixture(name)), "submit", "sell"), name).toBeUndefined();
    }
    expect(classifyRefusal(PAGE, "submit", "sell")).toBeUndefined();
  });
});

describe("an answer about something else than was asked for", () => {
  it("does not prove that our order was taken", () => {
    const other = answerOf(fixture("accepted-another-order"));
    const { client_order_id: id } = JSON.parse(other.body) as { client_order_id: string };
    expect(submitted(other)).toEqual({
      ...{ kind: "ambiguous", reason: `HTTP 200: the answer is order ${id}` },
    });
  });

  it("does not find an order, nor a position", () => {
    const order = answerOf(fixture("order-found-another"));
    expect(classifyOrderLookup(order, () => false)).toEqual({
      ...{ kind: "unknown", reason: "HTTP 200: the answer is another order" },
    });
    const position = answerOf(fixture("position-found"));
    expect(classifyPositionLookup(position, "MSFT")).toEqual({
      ...{ kind: "unknown", reason: "HTTP 200: a position in another symbol" },
    });
  });

  it("is not one about a pair of currencies that the broker writes in another way", () => {
    const found = (written: string, asked: string) => {
      const { body } = answerOf(fixture("position-found"));
      const position = body.replace('"AAPL"', `"${written}"`);
      return classifyPositionLookup(answered(200, position), asked).kind;
    };
    expect(found("BTCUSD", "BTC/USD")).toBe("found");
    expect(found("BTC/USD", "BTCUSD")).toBe("found");
    expect(found("BTC/USD", "btcusd")).toBe("found");
    expect(found("BTC/USD", "ETH/USD")).toBe("unknown");
  });
});

describe("an asset", () => {
  const ID = "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415";
  const asset = { id: ID, class: "us_equity", symbol: "AAPL" };

  it("is known by its own id alone, in letters of either size", () => {
    const found = { kind: "found", symbol: "AAPL" };
    expect(classifyAssetLookup(answered(200, asset), ID)).toEqual(found);
    expect(classifyAssetLookup(answered(200, asset), ID.toUpperCase())).toEqual(found);
    const shouted = { ...asset, id: ID.toUpperCase() };
    expect(classifyAssetLookup(answered(200, shouted), ID)).toEqual(found);
    expect(classifyAssetLookup(answered(200, { ...asset, symbol: "BTCUSD" }), ID)).toEqual({
      ...{ kind: "found", symbol: "BTC/USD" },
    });
    const other = { ...asset, id: ID.replace("b0", "b1") };
    expect(classifyAssetLookup(answered(200, other), ID)).toEqual({
      ...{ kind: "unknown", reason: "HTTP 200: the answer is another asset" },
    });
  });

  it("is none where the broker says so in its own words, and unknown by all else", () => {
    const none = answerOf(fixture("asset-not-found"));
    expect(classifyAssetLookup(none, ID)).toEqual({ kind: "not_found" });
    for (const name of ["position-flat", "position-404-html", "server-error", "rate-limited"]) {
      expect(classifyAssetLookup(answerOf(fixture(name)), ID).kind, name).toBe("unknown");
    }
  });
});

describe("a read", () => {
  it("is what its reader makes of a 200", () => {
    expect(classifyRead(answered(200, "four"), readText)).toEqual({ kind: "read", value: 4 });
  });

  it("is unknown where its reader makes nothing of it, and for every other answer", () => {
    expect(classifyRead(answered(200, "none"), readText)).toEqual({
      ...{ kind: "unknown", reason: "HTTP 200: the body is not what was asked for: none" },
    });
    expect(classifyRead(answered(404, "four"), readText)).toEqual({
      ...{ kind: "unknown", reason: "HTTP 404: not a known error body: four" },
    });
  });

  it("of the account says that the keys are bad only in words that are known", () => {
    const account = { blocked: false };
    const read = (answer: HttpAnswer) => classifyAccount(answer, () => account as never);
    expect(read(answered(200, "{}"))).toEqual({ kind: "read", value: account });
    expect(read(answered(401, { message: "unauthorized." }))).toEqual({
      ...{ kind: "refused", reason: "HTTP 401: code none, unauthorized." },
    });
    const ofAnotherHost = { code: 40_110_000, message: "request is not authorized" };
    expect(read(answered(401, ofAnotherHost))).toEqual({
      ...{ kind: "refused", reason: "HTTP 401: code 40110000, request is not authorized" },
    });
    expect(read(answered(401, { ...ofAnotherHost, message: "odd" })).kind).toBe("unknown");
    expect(read(answered(401, "<html></html>")).kind).toBe("unknown");
    expect(read(answered(403, { code: 40_310_000, message: "odd" })).kind).toBe("unknown");
    const busy = { code: 42_910_000, message: "rate limit exceeded." };
    expect(read(answered(429, busy)).kind).toBe("unknown");
  });

  it("of the account says where it is unknown because of too many calls, and only there", () => {
    const account = { blocked: false };
    const read = (answer: HttpAnswer) => classifyAccount(answer, () => account as never);
    const busy = { code: 42_910_000, message: "rate limit exceeded." };
    expect(read(answered(429, busy))).toMatchObject({ kind: "unknown", isRateLimited: true });
    expect(read(answered(500, busy))).not.toHaveProperty("isRateLimited");
    expect(read(answered(200, "{}"))).not.toHaveProperty("isRateLimited");
  });

  it("of the positions is all of them, or none and those that can be read", () => {
    const shown = { symbol: "F", side: "long", qty: "6", qty_available: "6", avg_entry_price: "7" };
    const position = {
      ...{ symbol: "F", quantity: "6", availableQuantity: "6", averageEntryPrice: "7" },
    };
    expect(classifyPositions(answered(200, [shown]))).toEqual({ kind: "read", value: [position] });
    expect(classifyPositions(answered(200, []))).toEqual({ kind: "read", value: [] });
    const broken = [shown, { symbol: "T" }, null];
    expect(classifyPositions(answered(200, broken))).toEqual({
      ...{ kind: "unknown", readable: [position] },
      reason: expect.stringMatching(/: no position that can be read: \{"symbol":"T"\}, null$/),
    });
    expect(classifyPositions(answered(500, [shown]))).not.toHaveProperty("readable");
    expect(classifyPositions(answered(200, {})).kind).toBe("unknown");
  });
});

describe("a body that proves nothing", () => {
  it.each([
    [answered(200, "<p>hi"), "HTTP 200: the body is not what was asked for: <p>hi"],
    [answered(200, " \n"), "HTTP 200: the body is not what was asked for: (empty)"],
    [answered(502, ""), "HTTP 502: not a known error body: (empty)"],
    [answered(502, "<p>hi"), "HTTP 502: not a known error body: <p>hi"],
    [answered(500, { code: 50_010_000, message: "m" }), "HTTP 500: code 50010000, m"],
  ])("is shown in the reason: %j", (answer, reason) => {
    expect(submitted(answer)).toEqual({ kind: "ambiguous", reason });
    expect(classifyOrderLookup(answer, () => true)).toEqual({ kind: "unknown", reason });
    expect(classifyPositionLookup(answer, "AAPL")).toEqual({ kind: "unknown", reason });
    expect(classifyAssetLookup(answer, "an id")).toEqual({ kind: "unknown", reason });
  });
});

describe("the answer to a cancel of all orders", () => {
  it.each([
    ["a list, also of none", 200, "[]"],
    ["one answer for each order", 207, "whatever it says"],
    ["nothing", 204, ""],
  ])("proves that they were asked for where it is %s", (_, status, body) => {
    expect(classifyCancels(answered(status, body))).toEqual({ kind: "read", value: null });
  });

  it.each([
    ["a plain success", 200, "{}"],
    ["a page", 200, "<html></html>"],
    ["a failure, also with a list", 500, "[]"],
    ["a refusal", 403, '{"message":"forbidden."}'],
  ])("proves nothing where it is %s", (_, status, body) => {
    const reason = `the cancels were answered with ${status}`;
    expect(classifyCancels(answered(status, body))).toEqual({ kind: "unknown", reason });
  });
});
