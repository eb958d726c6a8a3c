/**
 * A locate costs money. Alpaca answers a repeat under one Idempotency-Key with the first locate; one
 * without a key is another locate each time it comes.
 */
import { expect, test } from "vitest";
import { BOT, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const LOCATES = "/v1/locates";
const BODY = '{"symbol":"GME","qty":100}';

async function openLocates() {
  const upstream = await openUpstream((_, response) => response.writeHead(201).end("{}"));
  const { port } = await openSidecar(upstream.url);
  const locate = (...headers: string[]) =>
    exchange(port, "POST", LOCATES, [...BOT, ...headers], BODY);
  return { upstream, port, locate };
}

test("a locate under a key passes as it is, and again with the same key", async () => {
  const { upstream, locate } = await openLocates();
  for (let times = 0; times < 2; times += 1) {
    expect(await locate("Idempotency-Key: gme-1")).toMatchObject({ status: 201 });
  }
  expect(upstream.requests).toHaveLength(2);
  for (const { rawHeaders } of upstream.requests) {
    expect(rawHeaders.join("\n")).toContain("Idempotency-Key\ngme-1");
  }
});

test.each([
  ["no key", []],
  ["an empty key", ["Idempotency-Key: "]],
  ["two keys", ["Idempotency-Key: gme-1", "Idempotency-Key: gme-2"]],
  ["a key of two words", ["Idempotency-Key: gme 1"]],
])("a locate with %s is refused, with what mends it, and nothing is sent", async (_, headers) => {
  const { upstream, locate } = await openLocates();
  const refused = await locate(...headers);
  expect([refused.status, jsonOf(refused).tradelatch.error]).toEqual([422, "key_required"]);
  expect(jsonOf(refused).message).toMatch(/Idempotency-Key/);
  expect(upstream.requests).toHaveLength(0);
});

test("locates are listed without a key", async () => {
  const { upstream, port } = await openLocates();
  expect((await exchange(port, "GET", LOCATES, BOT)).status).toBe(201);
  expect(upstream.requests).toHaveLength(1);
});
