import { inspect } from "node:util";

import { describe, expect, it } from "vitest";

import { BUY, bench, brokerAt, SECRET } from "./alpaca-bench.ts";
import { type Answer, json } from "./raw-server.ts";
import { SENT_ID } from "./wire-fixtures.ts";

describe("the secret", () => {
  const echoes: readonly (readonly [string, Answer])[] = [
    ["a page", (_, response) => response.writeHead(400).end(`<html>${SECRET}</html>`)],
    ...[30, 60, 150, 175, 190, 200].map((before): readonly [string, Answer] => [
      `a page, ${before} characters in`,
      (_, response) => response.writeHead(400).end(`${"x".repeat(before)}${SECRET}`),
    ]),
    ["a message", json(403, { code: 40310000, message: `no such key ${SECRET}` })],
    ["a refusal", json(422, { code: 42210000, message: `asset "${SECRET}" not found` })],
    ["a request id", json(500, "", { "x-request-id": SECRET })],
    ["an order's id", json(200, { id: SECRET, client_order_id: SECRET })],
  ];

  it.each(echoes)("is in no outcome when the other side repeats it in %s", async (_, answer) => {
    const { broker } = await bench(answer);
    const outcomes = [
      await broker.submit(BUY),
      await broker.orderByClientId(SENT_ID),
      await broker.orders({ status: "all" }),
      await broker.position("AAPL"),
      await broker.positions(),
      await broker.account(),
    ];
    // Half of it would be too much already.
    expect(JSON.stringify(outcomes)).not.toContain(SECRET.slice(0, 8));
  });

  it("is in no outcome when fetch fails with it", async () => {
    const failure = new TypeError(`header ${SECRET}`, { cause: new Error(`value ${SECRET}`) });
    const { broker } = brokerAt("http://127.0.0.1:9", { fetchApi: () => Promise.reject(failure) });
    expect(JSON.stringify(await broker.submit(BUY))).not.toContain(SECRET);
    expect(JSON.stringify(await broker.account())).not.toContain(SECRET);
  });

  it("does not show when the broker itself is printed", () => {
    const { broker } = brokerAt("http://127.0.0.1:9");
    expect(inspect(broker, { depth: 10, showHidden: true })).not.toContain(SECRET);
    expect(JSON.stringify(broker)).not.toContain(SECRET);
  });
});
