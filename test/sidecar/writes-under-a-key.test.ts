/**
 * A locate costs money, and a mint turns shares into tokens. Alpaca answers a repeat of either under
 * one Idempotency-Key with the first; without a key it does it again each time it comes.
 */
import { describe, expect, test } from "vitest";
import { BOT, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

async function openWrites(path: string, body: string) {
  const upstream = await openUpstream((_, response) => response.writeHead(201).end("{}"));
  const { port } = await openSidecar(upstream.url);
  const write = (...headers: string[]) => exchange(port, "POST", path, [...BOT, ...headers], body);
  return { upstream, port, write };
}

describe.each([
  ["a locate", "/v1/locates", '{"symbol":"GME","qty":100}'],
  ["a mint", "/v2/tokenization/mint", '{"underlying_symbol":"SPY","qty":"1"}'],
])("%s", (_, path, body) => {
  test("passes under a key as it is, and again with the same key", async () => {
    const { upstream, write } = await openWrites(path, body);
    for (let times = 0; times < 2; times += 1) {
      expect(await write("Idempotency-Key: gme-1")).toMatchObject({ status: 201 });
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
  ])("with %s is refused, with what mends it, and nothing is sent", async (__, headers) => {
    const { upstream, write } = await openWrites(path, body);
    const refused = await write(...headers);
    expect([refused.status, jsonOf(refused).tradelatch.error]).toEqual([422, "key_required"]);
    expect(jsonOf(refused).message).toMatch(/Idempotency-Key/);
    expect(upstream.requests).toHaveLength(0);
  });

  test("is looked up without a key", async () => {
    const { upstream, port } = await openWrites(path, body);
    expect((await exchange(port, "GET", path, BOT)).status).toBe(201);
    expect(upstream.requests).toHaveLength(1);
  });
});
