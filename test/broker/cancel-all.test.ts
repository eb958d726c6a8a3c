/**
 * Whether the broker has taken the cancel of all orders: only then may what they held be sold, since
 * a cancel that comes late would take back what is sold.
 */
import { expect, test } from "vitest";
import { bench } from "./alpaca-bench.ts";
import { json } from "./raw-server.ts";

const ONE = [{ id: "904837e3-3b76-47ec-b432-046db621571b", status: 200 }];

test.each([
  ["one order's", 207, ONE],
  ["no order's, since none was open", 207, []],
  ["no order's, as a plain success", 200, []],
  ["one order's, as a plain success", 200, ONE],
  ["nothing to say", 204, ""],
])("the broker has taken it where its answer has %s: %i", async (_, status, body) => {
  const { broker, server } = await bench(json(status, body));
  expect(await broker.cancelOrders()).toEqual({ kind: "read", value: null });
  expect(server.arrived.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "DELETE /v2/orders",
  ]);
});

test.each([
  ["a web page", 200, "<html>OK</html>"],
  ["no body", 200, ""],
  ["an object", 200, { code: 1, message: "ok" }],
  ["a promise to look at it", 202, []],
  ["a refusal", 403, { message: "forbidden." }],
  ["a failure", 500, { code: 50010000, message: "failed to cancel order" }],
  ["a gateway's timeout", 504, ""],
])("that is not known where its answer is %s: %i", async (_, status, body) => {
  const { broker } = await bench(json(status, body));
  expect(await broker.cancelOrders()).toMatchObject({
    kind: "unknown",
    reason: expect.stringContaining(`the cancels were answered with ${status}`),
  });
});
