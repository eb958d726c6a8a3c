import { describe, expect, test } from "vitest";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import type { Fault } from "../../src/simulator/index.ts";
import { BUY, type NativeBench, OPERATOR, openNative, type Told } from "./native-bench.ts";
import { KEYS, ORDER, openOrderWorld, SELL as SOLD_BY_HAND } from "./orders-world.ts";
import { AGENT_SECRET, atTheEnd, BOT, BROKER_ID, BROKER_SECRET } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const SELL = { ...BUY, side: "sell", effect: "close", requestId: "r-2" } as const;
const POSTED = { method: "POST", path: "/v2/orders" } as const;
const MISMATCH: Fault = {
  ...{ kind: "refuse", status: 422, code: 42_210_000 },
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
};
const PAGE = "/latch/v1/incidents";

/** A position whose exit the broker refused. */
async function openWithRefusedExit(): Promise<NativeBench> {
  const bench = await openNative();
  await bench.latch.submit(BUY);
  await bench.latch.tick();
  bench.broker.addFaults([{ match: POSTED, fault: MISMATCH }]);
  const { status } = await bench.latch.submit(SELL);
  expect(status).toBe("BLOCKED");
  return bench;
}

/** Further incidents that rest on no claim, in the ledger that the latch has open. */
async function begin({ latch, store, clock }: NativeBench, symbols: readonly string[]) {
  const ledger = openSqliteLedger(store, clock);
  atTheEnd(() => ledger.close());
  for (const symbol of symbols) {
    const report = { kind: "orphan", subject: `position ${symbol}` } as const;
    const texts = { summary: `the broker holds 5 ${symbol}`, next: "it is compared again" };
    await ledger.beginIncident(latch.account, symbol, { ...report, ...texts }, clock.now());
  }
  return ledger;
}

async function resolve(
  { port }: NativeBench,
  id: number | string,
  body: unknown,
  lines = BOT,
): Promise<Pick<Told, "status" | "body">> {
  const head = [...lines, ...OPERATOR, "Content-Type: application/json"];
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = await exchange(port, "POST", `${PAGE}/${id}/resolve`, head, text);
  return { status: answer.status, body: jsonOf(answer) };
}

const ids = (incidents: readonly { id: number }[]) => incidents.map(({ id }) => id);

describe("the list of incidents", () => {
  test("shows each whole, with the chain of claims from the first one, and times as text", async () => {
    const bench = await openWithRefusedExit();
    const { status, body } = await bench.get(PAGE);
    expect([status, body.next, body.incidents.length]).toEqual([200, null, 1]);
    const openedAt = (await bench.latch.incident(1))?.openedAt ?? 0;
    expect(body.incidents[0]).toEqual({
      ...{ id: 1, account: bench.latch.account, symbol: "TQQQ", kind: "refused_exit" },
      ...{ status: "open", subject: "claim momentum/r-2", version: expect.any(Number) },
      openedAt: new Date(openedAt).toISOString(),
      summary: expect.stringContaining("refused to sell 6 TQQQ: 422 position intent mismatch"),
      next: expect.stringContaining("this exit is not sent again"),
      causes: [
        { agent: "momentum", requestId: "r-1" },
        { agent: "momentum", requestId: "r-2" },
      ],
      evidence: expect.any(Array),
      resolution: null,
    });
    expect((await bench.get(`${PAGE}/1`)).body).toEqual(body.incidents[0]);
  });

  test("is filtered by state and symbol, and comes in pages, newest first", async () => {
    const bench = await openWithRefusedExit();
    await begin(bench, ["SPY", "SQQQ"]);
    expect((await resolve(bench, 2, { version: 1, reason: "seen" })).status).toBe(200);
    const rows: readonly [string, readonly number[]][] = [
      ["", [3, 2, 1]],
      ["?status=open", [3, 1]],
      ["?status=resolved", [2]],
      ["?symbol=TQQQ&status=open", [1]],
      ["?symbol=AAPL", []],
      ["?before=3", [2, 1]],
    ];
    for (const [query, expected] of rows) {
      const { body } = await bench.get(`${PAGE}${query}`);
      expect([query, ids(body.incidents), body.next]).toEqual([query, expected, null]);
    }
    const first = (await bench.get(`${PAGE}?limit=2`)).body;
    expect([ids(first.incidents), first.next]).toEqual([[3, 2], 2]);
    const last = (await bench.get(`${PAGE}?limit=2&before=${first.next}`)).body;
    expect([ids(last.incidents), last.next]).toEqual([[1], null]);
  });

  test("is refused for what is wrong, with the field and the value", async () => {
    const { get, failures } = await openNative();
    const rows: readonly [string, string][] = [
      [`${PAGE}?state=open`, 'unknown field "state" in the query'],
      [`${PAGE}?status=closed`, 'status is "closed": '],
      [`${PAGE}?symbol=tqqq`, 'symbol is "tqqq": expected a symbol'],
      [`${PAGE}?before=0`, 'before is "0": '],
      [`${PAGE}?limit=501`, 'limit is "501": '],
      [`${PAGE}/first`, 'id is "first": expected an incident\'s number'],
      [`${PAGE}/1?full=1`, 'unknown field "full"'],
      ["/latch/v1/entry-check", "symbol is missing: "],
      ["/latch/v1/entry-check?symbol=", 'symbol is "": expected a symbol'],
    ];
    for (const [target, message] of rows) {
      const { status, body } = await get(target);
      expect([target, status, body.message]).toEqual([
        target,
        400,
        expect.stringContaining(message),
      ]);
    }
    const { status, body } = await get(`${PAGE}/7`);
    expect([status, body.tradelatch.error]).toEqual([404, "incident_not_found"]);
    expect(body.message).toBe("there is no incident 7 in this account");
    expect(failures).toEqual([]);
  });
});

describe("an operator's word", () => {
  test("ends the incident and the claim behind it, so that the exit may be sent again", async () => {
    const bench = await openWithRefusedExit();
    const { version } = (await bench.get(`${PAGE}/1`)).body;
    const reason = "the broker's page shows the shares as free";
    const body = { version, reason, endClaimAs: "rejected" };
    const told = await resolve(bench, 1, body);
    expect(told).toMatchObject({
      status: 200,
      body: {
        ...{ status: "resolved", version: version + 1 },
        resolution: {
          ...{ verdict: "by_operator", provenance: "operator" },
          reason: `operator: ${reason}`,
        },
      },
    });
    expect((await bench.get("/latch/v1/claims/r-2")).body).toMatchObject({
      ...{ status: "SETTLED", outcome: "rejected", provenance: "operator" },
    });
    const again = await bench.latch.submit({ ...SELL, requestId: "r-3" });
    expect(again.status).toBe("PROCEED");
  });

  test("names who says so, and never the broker's own key", async () => {
    const bench = await openNative();
    await begin(bench, ["SPY", "SQQQ"]);
    const named = await resolve(bench, 1, { version: 1, reason: "sold by hand", by: " Ann " });
    expect(named.body.resolution.reason).toBe("Ann: sold by hand");
    const key = [`APCA-API-KEY-ID: ${BROKER_ID}`, `APCA-API-SECRET-KEY: ${BROKER_SECRET}`];
    const unnamed = await resolve(bench, 2, { version: 1, reason: "sold by hand" }, key);
    expect(unnamed.body.resolution.reason).toBe("operator: sold by hand");
    const log = JSON.stringify(await bench.latch.events());
    for (const secret of [BROKER_ID, BROKER_SECRET, AGENT_SECRET]) {
      expect(log).not.toContain(secret);
    }
  });

  test("is refused with the incident as it is now where something has come since", async () => {
    const bench = await openNative();
    const ledger = await begin(bench, ["SPY"]);
    const { latch, clock } = bench;
    const note = { text: "the broker holds 7 SPY", next: null };
    await ledger.addEvidence(latch.account, "position SPY", note, clock.now());
    const word = { version: 1, reason: "sold by hand" };
    const stale = await resolve(bench, 1, word);
    expect(stale).toMatchObject({
      status: 409,
      body: {
        ...{ code: 40_990_003, message: "incident 1 is at version 2, not 1" },
        tradelatch: { error: "incident_changed", incident: { id: 1, version: 2, status: "open" } },
      },
    });
    expect(stale.body.tradelatch.incident.evidence).toMatchObject([{ text: note.text }]);
    const claimless = await resolve(bench, 1, { ...word, version: 2, endClaimAs: "absent" });
    expect(claimless).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "incident_without_claim", incident: { status: "open" } } },
    });
    expect((await resolve(bench, 1, { ...word, version: 2 })).status).toBe(200);
    expect(await resolve(bench, 1, { ...word, version: 2 })).toMatchObject({
      status: 409,
      body: { tradelatch: { error: "incident_over", incident: { status: "resolved" } } },
    });
  });

  test("that is not well said changes nothing, and the field is named", async () => {
    const bench = await openNative();
    await begin(bench, ["SPY"]);
    const rows: readonly [unknown, string][] = [
      [{ reason: "why" }, "version is missing: "],
      [{ version: "1", reason: "why" }, 'version is "1": '],
      [{ version: 1 }, "reason is missing: "],
      [{ version: 1, reason: "  " }, 'reason is "  ": expected why it is over'],
      [{ version: 1, reason: "r".repeat(1_001) }, "reason is "],
      [{ version: 1, reason: "why", by: "" }, 'by is "": '],
      [{ version: 1, reason: "why", endClaimAs: "filled" }, 'endClaimAs is "filled": '],
      [{ version: 1, reason: "why", as: "absent" }, 'unknown field "as" in the body'],
      [[], "the body is []: "],
    ];
    for (const [body, message] of rows) {
      const told = await resolve(bench, 1, body);
      expect([told.status, told.body.message]).toEqual([400, expect.stringContaining(message)]);
    }
    expect((await resolve(bench, 1, "{")).status).toBe(400);
    expect(await resolve(bench, 2, { version: 1, reason: "why" })).toMatchObject({
      status: 404,
      body: { tradelatch: { error: "incident_not_found" } },
    });
    expect(await bench.latch.incident(1)).toMatchObject({ version: 1, resolution: null });
    expect(bench.failures).toEqual([]);
  });
});

describe("the entry check", () => {
  test("names the open incident and its causes, and by default an entry is free", async () => {
    const bench = await openWithRefusedExit();
    const { status, body } = await bench.get("/latch/v1/entry-check?symbol=TQQQ");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      ...{ symbol: "TQQQ", free: true },
      because: expect.stringContaining("incident 1 is open and blocks nothing"),
      causes: [
        { agent: "momentum", requestId: "r-1" },
        { agent: "momentum", requestId: "r-2" },
      ],
      incidents: [{ id: 1, status: "open" }],
    });
    const other = (await bench.get("/latch/v1/entry-check?symbol=BTC%2FUSD")).body;
    expect(other).toMatchObject({ symbol: "BTC/USD", free: true, causes: [], incidents: [] });
  });
});

test("an entry that a policy blocks is not free, and carries the incident that blocks it", async () => {
  const world = await openOrderWorld();
  const sidecar = await world.open({ divergence: "phantom=block-entries" });
  const bought = await world.send(sidecar, ORDER);
  await world.advance(5_000);
  const url = `${world.simulator.url}/v2/orders`;
  await fetch(url, { method: "POST", headers: KEYS, body: JSON.stringify(SOLD_BY_HAND) });
  world.comparePositions();
  await world.advance(90_000);
  const path = "/latch/v1/entry-check?symbol=TQQQ";
  const { body } = await world.send(sidecar, undefined, { method: "GET", path });
  expect(body).toMatchObject({
    free: false,
    because: expect.stringContaining("incident 1 blocks entries: "),
    causes: [{ requestId: bought.headers.get("tradelatch-claim") }],
    incidents: [{ id: 1, kind: "phantom", status: "open" }],
  });
  const refused = await world.send(sidecar, { ...ORDER, qty: "2" });
  expect(refused).toMatchObject({
    status: 403,
    body: { tradelatch: { error: "entry_blocked", incident: 1 } },
  });
});

test("the page for Prometheus counts open incidents by kind", async () => {
  const bench = await openWithRefusedExit();
  await begin(bench, ["SPY", "SQQQ"]);
  await resolve(bench, 3, { version: 1, reason: "seen" });
  const { text } = await bench.get("/metrics");
  expect(text).toContain('tradelatch_incidents_open{kind="refused_exit"} 1');
  expect(text).toContain('tradelatch_incidents_open{kind="orphan"} 1');
  expect(text).toContain('tradelatch_incidents_open{kind="phantom"} 0');
});
