import { describe, expect, test } from "vitest";
import { readClaim } from "../../src/comparison/read-claims.ts";
import { readOrder } from "../../src/comparison/read-orders.ts";
import { recordList } from "../../src/comparison/record-list.ts";
import { latchError } from "../ledger/open-ledger.ts";
import { AT, item, order } from "./records.ts";

describe("a file of records", () => {
  const records = [{ id: "a" }, { id: "b" }];

  test.each([
    ["a list", JSON.stringify(records)],
    ["a page of orders", JSON.stringify({ orders: records })],
    ["a page of claims", JSON.stringify({ claims: records, next: null })],
    ["a page of another guard", JSON.stringify({ items: records, total: 2 })],
    ["a page with lists of something else", JSON.stringify({ items: records, symbols: [] })],
    ["JSONL", records.map((record) => JSON.stringify(record)).join("\n")],
    ["JSONL of pages", `${JSON.stringify({ items: records.slice(0, 1) })}\r\n\n{"id":"b"}\n`],
    ["a list behind a byte order mark", `\ufeff${JSON.stringify(records)}`],
  ])("may be %s", (_, text) => {
    expect(recordList(text, "orders.json")).toEqual(records);
  });

  test("may be none, or one record", () => {
    expect(recordList("[]", "x")).toEqual([]);
    expect(recordList('{"id":"a"}', "x")).toEqual([{ id: "a" }]);
  });

  test.each(["", " \n", "\ufeff"])("are not none because a file is empty: %j", (text) => {
    const read = () => recordList(text, "orders.json");
    expect(read).toThrow(/^orders\.json is empty, .* it has to be \[\]$/);
  });

  test("keeps the digits of its numbers", () => {
    expect(recordList('[{"qty":0.1000000000000000055}]', "x")).toEqual([
      { qty: "0.1000000000000000055" },
    ]);
  });

  test.each([
    ["{ time", "x is neither JSON nor JSONL"],
    ['{"id":1}\n{"id":', "row 2"],
  ])("that is neither is refused with its row: %j", async (text, part) => {
    const error = await latchError(() => recordList(text, "x"));
    expect(error).toMatchObject({ code: "invalid_records", exitCode: 2 });
    expect(error.message).toContain(part);
  });
});

describe("a page of two lists", () => {
  test("is refused: which of them is meant it does not say", async () => {
    const page = JSON.stringify({ claims: [{ id: "a" }], orders: [{ id: "b" }] });
    const error = await latchError(() => recordList(page, "both.json"));
    expect(error).toMatchObject({ code: "invalid_records", exitCode: 2 });
    expect(error.message).toBe(
      "both.json has several lists, orders and claims: give the one that is meant by itself",
    );
    const line = await latchError(() => recordList(`{"id":"a"}\n${page}`, "both.jsonl"));
    expect(line.message).toContain("both.jsonl, row 2 has several lists");
  });
});

describe("a record", () => {
  test.each<[string, () => unknown, string]>([
    [
      "a claim without any id",
      () => readClaim({ status: "x" }, "claims[3]"),
      "claims[3] has no id",
    ],
    ["a claim that is a text", () => readClaim("x", "claims[0]"), "claims[0] is no object"],
    ["an order without any id", () => readOrder({}, "orders[2]"), "orders[2] has neither id nor"],
    [
      "a leg without any id",
      () => readOrder(order({ legs: [{}] }), "orders[0]"),
      "orders[0].legs[0]",
    ],
    [
      "an order that does not say what it has filled",
      () => readOrder(order({ filled_qty: null }), "orders[4]"),
      "orders[4] has no filled_qty",
    ],
    [
      "a leg that does not say what it has filled",
      () => readOrder(order({ legs: [order({ filled_qty: "" })] }), "orders[4]"),
      "orders[4].legs[0] has no filled_qty",
    ],
    [
      "an amount of more digits than any has",
      () => readOrder(order({ qty: "1e1000" }), "orders[1]"),
      'qty is "1e1000"',
    ],
    ["an amount that is none", () => readOrder(order({ qty: "six" }), "orders[1]"), 'qty is "six"'],
    ["an amount below zero", () => readOrder(order({ qty: -6 }), "orders[1]"), 'qty is "-6"'],
    ["a time that is none", () => readClaim(item({ timestamp: "noon" }), "claims[1]"), '"noon"'],
    [
      "a time of a day that no month has",
      () => readClaim(item({ timestamp: "2026-02-30T13:42:00Z" }), "claims[1]"),
      'timestamp is "2026-02-30T13:42:00Z"',
    ],
    [
      "a time of nobody knows which place",
      () => readClaim(item({ timestamp: "2026-05-21T13:42:00.000123" }), "claims[1]"),
      "expected a time such as 2026-05-21T13:42:00Z",
    ],
  ])("that is %s is refused by its place", async (_, read, part) => {
    const error = await latchError(read);
    expect(error).toMatchObject({ code: "invalid_records", exitCode: 2 });
    expect(error.message).toContain(part);
  });

  test.each([
    ["seconds", 1_779_370_920],
    ["milliseconds", "1779370920000"],
    ["a fraction of seconds", "1779370920.000"],
    ["text", AT],
    ["text with an offset", "2026-05-21T09:42:00-04:00"],
    ["text as Python writes it", "2026-05-21 13:42:00.000123+00:00"],
  ])("may have its time in %s", (_, timestamp) => {
    expect(readClaim(item({ timestamp }), "x").at).toBe(Date.parse(AT));
  });

  test.each([
    ["1e-05", "0.00001"],
    ["1.5E-9", "0.0000000015"],
    ["1e+21", "1000000000000000000000"],
    ["-0e0", "0"],
  ])("may have an amount as JSON writes small and large numbers: %s", (number, amount) => {
    const [bare] = recordList(`[{"request_id":"r","qty":${number}}]`, "x");
    expect(readClaim(bare, "x").quantity).toBe(amount);
    expect(readClaim({ request_id: "r", qty: number }, "x").quantity).toBe(amount);
  });

  test.each([
    ["of our own ledger", { intent: { symbol: "MLEG", quantity: "2" }, averagePrice: "-0.55" }],
    ["of another guard", { result: { order_class: "mleg", filled_avg_price: "-0.55" } }],
  ])("that was credited for a combo is compared without its price: %s", (_, fields) => {
    const claim = { request_id: "r", bookedQuantity: "2", outcome: "filled", ...fields };
    expect(readClaim(claim, "x")).toMatchObject({ filled: "2", averagePrice: null, says: "done" });
  });

  test("of another guard has its terms in its scope, and unknown fields are ignored", () => {
    const claim = readClaim(
      item({ colour: "red", result: { id: "o-1", client_order_id: "c" } }),
      "x",
    );
    expect(claim).toMatchObject({
      ...{ requestId: "r-1", agent: "bot", symbol: "TQQQ", side: "buy", quantity: "6" },
      ...{ brokerOrderId: "o-1", clientOrderId: "c", says: "done" },
    });
  });
});
