import { describe, expect, test } from "vitest";
import { publicKeyText } from "../../src/audit/checkpoint.ts";
import { readSigningKey } from "../../src/audit/signing-key.ts";
import type { AgentId } from "../../src/core/ids.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import { BUY, openNative } from "./native-bench.ts";
import { AGENT_SECRET } from "./sidecar-bench.ts";

const PAGE = "/latch/v1/audit";
const SELL = { ...BUY, side: "sell", effect: "close", symbol: "SPY" } as const;

/** A filled entry, a repeat of it, another agent's entry, and an exit that is turned away. */
async function openWithTrail() {
  const bench = await openNative();
  const { latch, clock } = bench;
  await latch.submit(BUY);
  await latch.tick();
  clock.advanceTo(clock.now() + 60_000);
  await latch.submit({ ...BUY, decisionId: "d-2" });
  const resting: IntentInput = {
    ...BUY,
    requestId: "r-3",
    symbol: "SPY",
    type: "limit",
    limitPrice: "1",
  };
  await latch.submitFor("other" as AgentId, resting);
  await latch.submit({ ...SELL, requestId: "r-4", quantity: "900" });
  return bench;
}

const names = (items: readonly { status: string; requestId?: string }[]) =>
  items.map(({ status, requestId }) => `${status} ${requestId}`);

describe("the audit trail", () => {
  test("has every claim, every SKIP and every block with time and cause, newest first", async () => {
    const { get, latch } = await openWithTrail();
    const { status, body } = await get(PAGE);
    expect([status, body.next]).toEqual([200, null]);
    expect(new Set(names(body.items))).toEqual(
      new Set(["BLOCKED null", "SKIP r-1", "IN_RECONCILIATION r-3", "SETTLED r-1"]),
    );
    const entry = body.items.at(-1);
    const claim = await latch.claim("r-1");
    expect(entry).toEqual({
      ...{ sequence: 1, type: "claimed", account: latch.account, agent: "momentum" },
      at: new Date(claim?.claimedAt ?? 0).toISOString(),
      ...{ requestId: "r-1", symbol: "TQQQ", action: "buy_to_open", status: "SETTLED" },
      ...{ outcome: "filled", provenance: "venue", code: null, cause: "filled 6 @ 75.33" },
      ...{ causedBy: null, decisionId: null, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const block = body.items.find(({ status: one }: { status: string }) => one === "BLOCKED");
    expect(block).toMatchObject({ code: expect.any(String), action: "sell_to_close" });
    const skip = body.items.find(({ status: one }: { status: string }) => one === "SKIP");
    expect(skip).toMatchObject({
      ...{ decisionId: "d-2", causedBy: { agent: "momentum", requestId: "r-1" } },
      cause: "the first one: filled 6 @ 75.33",
    });
  });

  test("is filtered by each of its fields, and comes in pages", async () => {
    const { get, latch } = await openWithTrail();
    const later = new Date(((await latch.claim("r-1"))?.claimedAt ?? 0) + 30_000).toISOString();
    const rows: readonly [string, readonly string[]][] = [
      ["status=SKIP", ["SKIP r-1"]],
      ["status=SKIP&status=SETTLED", ["SKIP r-1", "SETTLED r-1"]],
      ["agent=other", ["IN_RECONCILIATION r-3"]],
      ["action=sell_to_close", ["BLOCKED null"]],
      ["symbol=SPY&action=buy_to_open", ["IN_RECONCILIATION r-3"]],
      [`until=${later}`, ["SETTLED r-1"]],
      [`from=${later}&agent=momentum&symbol=TQQQ`, ["SKIP r-1"]],
      ["before=2", ["SETTLED r-1"]],
    ];
    for (const [query, expected] of rows) {
      expect(names((await get(`${PAGE}?${query}`)).body.items), query).toEqual(expected);
    }
    const first = (await get(`${PAGE}?limit=3`)).body;
    const second = (await get(`${PAGE}?limit=3&before=${first.next}`)).body;
    expect([...first.items, ...second.items]).toEqual((await get(PAGE)).body.items);
  });

  test("is refused for what is wrong, with the field and the value", async () => {
    const { get, failures } = await openNative();
    const rows: readonly [string, string][] = [
      [`${PAGE}?agents=x`, 'unknown field "agents" in the query'],
      [`${PAGE}?status=DONE`, 'status is "DONE": expected OPEN, RESOLVED'],
      [`${PAGE}?symbol=tqqq`, 'symbol is "tqqq": expected a symbol'],
      [`${PAGE}?from=yesterday`, 'from is "yesterday": expected a time such as'],
      [`${PAGE}?limit=1001`, 'limit is "1001"'],
      [`${PAGE}?before=0`, 'before is "0"'],
      ["/audit?status=DONE", 'status is "DONE"'],
      ["/audit?from_ts=yesterday", 'from_ts is "yesterday": expected RFC 3339'],
      ["/audit?offset=-1", 'offset is "-1"'],
      ["/audit?limit=0", 'limit is "0"'],
      [`/audit?symbol=${AGENT_SECRET}`, 'symbol is "[redacted]"'],
    ];
    for (const [target, message] of rows) {
      const { status, body } = await get(target);
      expect([status, body.message], target).toEqual([400, expect.stringContaining(message)]);
      expect(body.tradelatch.error).toBe("invalid_query");
    }
    expect(failures).toEqual([]);
  });
});

describe("the audit trail at the root", () => {
  test("is what clients of other guards know, with our states beside their words", async () => {
    const { get } = await openWithTrail();
    const { status, body } = await get("/audit");
    expect(status).toBe(200);
    expect(body).toMatchObject({ total: 2, total_is_exact: true, limit: 100, offset: 0 });
    const toldIn = (items: readonly Record<string, string>[]) =>
      items.map((item) => [item.request_id, item.agent_id, item.status, item.state]);
    expect(toldIn(body.items)).toEqual([
      ["r-3", "other", "PENDING", "IN_RECONCILIATION"],
      ["r-1", "momentum", "COMMITTED", "SETTLED"],
    ]);
    const answers = async (status: string) => (await get(`/audit?status=${status}`)).body.items;
    expect(toldIn(await answers("BLOCKED"))).toEqual([[null, "momentum", "BLOCKED", null]]);
    expect(toldIn(await answers("SKIP"))).toEqual([["r-1", "momentum", "SKIP", null]]);
    const { ts, timestamp } = body.items[0];
    expect(Date.parse(timestamp)).toBe(ts);
  });

  test("is filtered and paged by offset", async () => {
    const { get } = await openWithTrail();
    const all = (await get("/audit")).body.items;
    const first = all.at(-1).ts;
    const rows: readonly [string, number, number][] = [
      ["status=COMMITTED", 1, 1],
      ["status=PENDING", 1, 1],
      ["status=SETTLED", 1, 1],
      ["agent_id=other&action=buy_to_open", 1, 1],
      ["status=SKIP", 1, 1],
      ["symbol=TQQQ", 1, 1],
      [`to_ts=${first + 1}`, 1, 1],
      [`from_ts=${Math.ceil(first / 1_000) + 10}`, 1, 1],
      [`from_ts=${new Date(first + 10_000).toISOString()}`, 1, 1],
      ["limit=1&offset=1", 1, 2],
      ["offset=9", 0, 2],
    ];
    for (const [query, count, total] of rows) {
      const { body } = await get(`/audit?${query}`);
      expect([body.items.length, body.total], query).toEqual([count, total]);
    }
    const paged = [];
    for (let offset = 0; offset < 2; offset += 1) {
      paged.push(...(await get(`/audit?limit=1&offset=${offset}`)).body.items);
    }
    expect(paged).toEqual(all);
  });
});

test("the public key is that of the key beside the ledger", async () => {
  const { get, store } = await openNative();
  const { status, body } = await get("/latch/v1/audit/key");
  expect(status).toBe(200);
  const publicKey = publicKeyText(readSigningKey(`${store}-audit-key.pem`));
  expect(body).toEqual({ algorithm: "Ed25519", publicKey });
});
