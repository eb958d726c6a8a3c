import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import { type Bench, openBench } from "./simulator-bench.ts";

const POST = { method: "POST", path: "/v2/orders" } as const;
const NAMED = { client_order_id: "mine" };

async function benchWith(fault: Fault): Promise<Bench> {
  const bench = await openBench();
  bench.simulator.addFaults([{ match: POST, fault }]);
  return bench;
}

/** What the broker knows of the order by now: its status, or "unknown". */
function truth({ simulator }: Bench): unknown {
  return simulator.orders()[0]?.status ?? "unknown";
}

function answered({ simulator }: Bench): unknown {
  const { answered, fault } = simulator.requests().find(({ method }) => method === "POST") ?? {};
  return [fault, answered];
}

describe("a fault that refuses", () => {
  test("answers the given words and leaves no order", async () => {
    const extra = { existing_order_id: "x", count: 3 };
    const refusal = { status: 403, code: 40310000, message: "insufficient day" };
    const bench = await benchWith({ kind: "refuse", ...refusal, extra });
    const answer = await bench.order(NAMED);
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({ code: 40310000, message: "insufficient day", ...extra });
    expect(truth(bench)).toBe("unknown");
    expect((await bench.order(NAMED)).status).toBe(200);
  });

  test("can leave the code out", async () => {
    const bench = await benchWith({ kind: "refuse", status: 503, message: "away" });
    expect((await bench.order()).body).toEqual({ message: "away" });
  });

  test("limits the rate and says when to come back", async () => {
    const bench = await benchWith({ kind: "rate_limited", retryAfterSeconds: 7 });
    const answer = await bench.order();
    expect(answer).toMatchObject({ status: 429, body: { code: 42910000 } });
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(truth(bench)).toBe("unknown");
  });
});

describe("a lost answer", () => {
  test("of an order that never arrived", async () => {
    const bench = await benchWith({ kind: "drop" });
    await expect(bench.order(NAMED)).rejects.toThrow();
    expect(truth(bench)).toBe("unknown");
    expect(answered(bench)).toEqual(["drop", "dropped"]);
    expect((await bench.order(NAMED)).status).toBe(200);
  });

  test("of an order that was accepted and filled", async () => {
    const bench = await benchWith({ kind: "accept_then_drop" });
    await expect(bench.order(NAMED)).rejects.toThrow();
    expect(truth(bench)).toBe("filled");
    expect(answered(bench)).toEqual(["accept_then_drop", "dropped"]);
    expect((await bench.order(NAMED)).body.code).toBe(40010001);
  });

  test("that never comes, until the caller gives up", async () => {
    const bench = await benchWith({ kind: "accept_then_hang" });
    const abort = new AbortController();
    const sent = fetch(`${bench.simulator.url}/v2/orders`, {
      method: "POST",
      headers: { "APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s" },
      body: '{"symbol":"TQQQ","qty":"1","side":"buy","type":"market","time_in_force":"day"}',
      signal: abort.signal,
    });
    const outcome = expect(sent).rejects.toThrow("abort");
    while (truth(bench) === "unknown") await bench.call("GET", "/sim/clock");
    expect(truth(bench)).toBe("filled");
    expect(answered(bench)).toEqual(["accept_then_hang", "hung"]);
    abort.abort();
    await outcome;
  });

  test("that never comes, until the broker closes", async () => {
    const bench = await benchWith({ kind: "accept_then_hang" });
    const outcome = expect(bench.order()).rejects.toThrow();
    while (truth(bench) === "unknown") await bench.call("GET", "/sim/clock");
    await bench.simulator.close();
    await outcome;
  });

  test.each([500, 502, 503, 504] as const)("behind a %d in JSON", async (status) => {
    const bench = await benchWith({ kind: "accept_then_error", status });
    const answer = await bench.order();
    expect(answer).toMatchObject({ status, body: { code: 50010000 } });
    expect(truth(bench)).toBe("filled");
  });

  test.each([
    [true, "filled"],
    [false, "unknown"],
  ])("behind a gateway's web page, accepted or not: %j", async (accept, expected) => {
    const bench = await benchWith({ kind: "html", status: 502, accept });
    const answer = await bench.order();
    expect(answer.status).toBe(502);
    expect(answer.headers.get("content-type")).toContain("text/html");
    expect(answer.text).toMatch(/^<html>/);
    expect(truth(bench)).toBe(expected);
  });
});

describe("a late answer", () => {
  test("comes when the clock has advanced, though the order was taken at once", async () => {
    const bench = await benchWith({ kind: "slow", delayMs: 5000 });
    const sent = bench.order();
    while (truth(bench) === "unknown") await bench.call("GET", "/sim/clock");
    expect(truth(bench)).toBe("filled");
    bench.simulator.advance(4999);
    expect(answered(bench)).toEqual(["slow", "pending"]);
    bench.simulator.advance(1);
    expect((await sent).body).toMatchObject({ status: "pending_new", filled_qty: "0" });
  });

  test("comes of an order that arrived late itself", async () => {
    const bench = await benchWith({ kind: "arrive_late", delayMs: 5000 });
    const sent = bench.order(NAMED);
    while (bench.simulator.requests().length === 0) await bench.call("GET", "/sim/clock");
    const lookup = "/v2/orders:by_client_order_id?client_order_id=mine";
    expect((await bench.call("GET", lookup)).status).toBe(404);
    bench.simulator.advance(10_000);
    expect((await bench.call("GET", lookup)).body).toMatchObject({
      status: "filled",
      submitted_at: expect.stringMatching(/^2026-05-21T14:00:05/),
    });
    expect((await sent).status).toBe(200);
  });

  test("never comes when the world is reset first", async () => {
    const bench = await benchWith({ kind: "arrive_late", delayMs: 5000 });
    const outcome = expect(bench.order()).rejects.toThrow();
    while (bench.simulator.requests().length === 0) await bench.call("GET", "/sim/clock");
    bench.simulator.reset();
    await outcome;
    bench.simulator.advance(10_000);
    expect(truth(bench)).toBe("unknown");
  });
});

describe("a lag", () => {
  test("keeps a new order out of lists for a while, and only out of those", async () => {
    const bench = await benchWith({ kind: "list_lag", lagMs: 2000 });
    const placed = await bench.order(NAMED);
    const listed = async () => (await bench.call("GET", "/v2/orders?status=all")).body.length;
    expect(await listed()).toBe(0);
    const lookup = "/v2/orders:by_client_order_id?client_order_id=mine";
    expect((await bench.call("GET", lookup)).body.id).toBe(placed.body.id);
    bench.simulator.advance(2000);
    expect(await listed()).toBe(1);
  });

  test("keeps a new order from being found by its client_order_id, which stays taken", async () => {
    const bench = await benchWith({ kind: "client_id_lag", lagMs: 2000 });
    await bench.order(NAMED);
    const lookup = "/v2/orders:by_client_order_id?client_order_id=mine";
    expect(await bench.call("GET", lookup)).toMatchObject({
      status: 404,
      body: { code: 40410000 },
    });
    expect((await bench.call("GET", "/v2/orders?status=all")).body).toHaveLength(1);
    expect((await bench.order(NAMED)).body.code).toBe(40010001);
    bench.simulator.advance(2000);
    expect((await bench.call("GET", lookup)).status).toBe(200);
  });

  test("shows lists and lookups as they were a while ago", async () => {
    const bench = await openBench();
    const fault = { kind: "list_lag", lagMs: 2000 } as const;
    bench.simulator.addFaults([{ match: { method: "GET", path: "/v2/orders*" }, fault, times: 9 }]);
    await bench.order(NAMED);
    bench.simulator.advance(1999);
    expect((await bench.call("GET", "/v2/orders?status=all")).body).toEqual([]);
    bench.simulator.advance(1);
    expect((await bench.call("GET", "/v2/orders?status=all")).body).toHaveLength(1);
  });

  test("shows positions as they stood a while ago", async () => {
    const positions = [{ symbol: "SQQQ", quantity: "5", averagePrice: "20" }];
    const bench = await openBench({ positions });
    const fault = { kind: "position_lag", lagMs: 10_000 } as const;
    const match = { method: "GET", path: "/v2/positions*" } as const;
    bench.simulator.addFaults([{ match, fault, times: 3 }]);
    await bench.order();
    const symbols = async () =>
      (await bench.call("GET", "/v2/positions")).body.map((row: { symbol: string }) => row.symbol);
    expect(await symbols()).toEqual(["SQQQ"]);
    expect((await bench.call("GET", "/v2/positions/TQQQ")).status).toBe(404);
    bench.simulator.advance(10_000);
    expect(await symbols()).toEqual(["SQQQ", "TQQQ"]);
  });
});

describe("a change of heart", () => {
  test("rejects an order after its POST was answered with 200", async () => {
    const bench = await benchWith({ kind: "reject_later" });
    const placed = await bench.order(NAMED);
    expect(placed).toMatchObject({ status: 200, body: { status: "pending_new" } });
    const after = await bench.call("GET", `/v2/orders/${placed.body.id}`);
    expect(after.body).toMatchObject({ status: "rejected", failed_at: expect.any(String) });
  });

  test("turns a replacement down after its PATCH was answered with 200", async () => {
    const bench = await openBench();
    const client = await (await bench.stream()).listen();
    const fault = { kind: "reject_later" } as const;
    bench.simulator.addFaults([{ match: { method: "PATCH" }, fault }]);
    const old = await bench.order({ type: "limit", limit_price: "60" });
    const patched = await bench.call("PATCH", `/v2/orders/${old.body.id}`, { limit_price: "61" });
    expect(patched.status).toBe(200);
    const status = async (id: string) => (await bench.call("GET", `/v2/orders/${id}`)).body.status;
    expect(await status(patched.body.id)).toBe("rejected");
    expect(await status(old.body.id)).toBe("new");
    expect((await client.events(3)).map(({ event }) => event)).toEqual([
      ...["new", "order_replace_rejected", "rejected"],
    ]);
  });

  test("leaves a canceled order in pending_cancel until the next open", async () => {
    const bench = await openBench();
    const fault = { kind: "cancel_stuck" } as const;
    bench.simulator.addFaults([{ match: { method: "DELETE", path: "/v2/orders/*" }, fault }]);
    const terms = { type: "limit", limit_price: "60", time_in_force: "gtc" };
    const path = `/v2/orders/${(await bench.order(terms)).body.id}`;
    expect((await bench.call("DELETE", path)).status).toBe(204);
    expect((await bench.call("GET", path)).body.status).toBe("pending_cancel");
    expect((await bench.call("DELETE", path)).status).toBe(422);
    bench.simulator.setTime("2026-05-22T13:30:00Z");
    expect((await bench.call("GET", path)).body.status).toBe("canceled");
  });
});

describe("the fault plan", () => {
  const refuse = { kind: "refuse", status: 418, message: "no" } as const;

  test("strikes the n-th matching request, as often as it says", async () => {
    const { simulator, order, call } = await openBench();
    simulator.addFaults([{ match: { ...POST, nth: 2 }, fault: refuse, times: 2 }]);
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      statuses.push((await order()).status);
      await call("GET", "/v2/orders");
    }
    expect(statuses).toEqual([200, 418, 418, 200, 200]);
    expect(simulator.faults()).toEqual([]);
  });

  test("tells side and symbol apart, in bodies, paths and orders", async () => {
    const { simulator, order, call } = await openBench({ prices: { TQQQ: "75", SPY: "500" } });
    const resting = { type: "limit", limit_price: "60", client_order_id: "mine" };
    const placed = await order(resting);
    const times = 99;
    simulator.addFaults([
      { match: { side: "sell" }, fault: refuse, times },
      { match: { symbol: "SPY" }, fault: refuse, times },
      { match: { method: "DELETE", symbol: "TQQQ" }, fault: refuse, times },
    ]);
    expect((await order({ side: "sell" })).status).toBe(418);
    expect((await order({ symbol: "SPY" })).status).toBe(418);
    expect((await call("GET", "/v2/positions/SPY")).status).toBe(418);
    expect((await call("GET", `/v2/orders/${placed.body.id}`)).status).toBe(200);
    expect((await call("DELETE", `/v2/orders/${placed.body.id}`)).status).toBe(418);
  });

  test("matches paths exactly or with a star", async () => {
    const { simulator, call } = await openBench();
    simulator.addFaults([
      { match: { path: "/v2/account" }, fault: refuse, times: 9 },
      { match: { path: "/v2/*/SPY" }, fault: refuse, times: 9 },
    ]);
    expect((await call("GET", "/v2/account")).status).toBe(418);
    expect((await call("GET", "/v2/account/configurations")).status).toBe(200);
    expect((await call("GET", "/v2/assets/SPY")).status).toBe(418);
    expect((await call("GET", "/v2/assets/QQQ")).status).toBe(200);
  });

  test("lets an order land, its answer get lost and its lookup lag, all at once", async () => {
    const bench = await openBench();
    bench.simulator.addFaults([
      { match: POST, fault: { kind: "accept_then_error", status: 504 } },
      { match: POST, fault: { kind: "client_id_lag", lagMs: 1000 } },
      { match: POST, fault: { kind: "partial_fill", quantity: "2" } },
    ]);
    expect((await bench.order({ ...NAMED, qty: "6" })).status).toBe(504);
    const lookup = "/v2/orders:by_client_order_id?client_order_id=mine";
    expect((await bench.call("GET", lookup)).status).toBe(404);
    expect(bench.simulator.orders()).toMatchObject([{ filled_qty: "2" }]);
  });

  test("draws chances from the seed", async () => {
    const pattern = async (seed: number) => {
      const { simulator, call } = await openBench({ seed });
      simulator.addFaults([{ match: {}, fault: refuse, chance: 0.5, times: 1000 }]);
      const statuses: number[] = [];
      for (let count = 0; count < 24; count += 1) {
        statuses.push((await call("GET", "/v2/clock")).status);
      }
      return statuses.join(" ");
    };
    const first = await pattern(1);
    expect(first).toMatch(/200/);
    expect(first).toMatch(/418/);
    expect(await pattern(1)).toBe(first);
    expect(await pattern(2)).not.toBe(first);
  });

  test("is shown and cleared on request", async () => {
    const { call } = await openBench();
    const rules = [{ match: { method: "GET" }, fault: refuse }];
    expect((await call("POST", "/sim/faults", { rules })).body).toEqual({ rules });
    expect((await call("GET", "/sim/faults")).body).toEqual({ rules });
    expect((await call("DELETE", "/sim/faults")).status).toBe(204);
    expect((await call("GET", "/v2/clock")).status).toBe(200);
  });

  test.each([
    [{ match: {}, fault: { kind: "vanish" } }, /rules\.0\.fault\.kind.*"vanish"/],
    [{ match: { verb: "GET" }, fault: { kind: "drop" } }, /verb/],
    [{ match: {}, fault: { kind: "drop", after: 3 } }, /after/],
    [{ match: {}, fault: { kind: "slow" } }, /delayMs/],
    [{ match: {}, fault: { kind: "drop" }, time: 3 }, /"time"/],
    [{ match: { nth: 0 }, fault: { kind: "drop" } }, /match\.nth/],
    [{ match: { event: "fill" }, fault: { kind: "drop" } }, /event does not go with/],
    [{ match: { path: "/x" }, fault: { kind: "event_lost" } }, /path does not go with/],
    [{ match: {}, fault: { kind: "partial_fill", quantity: "some" } }, /quantity.*"some"/],
  ])("refuses the rule %j by name, and takes none of its companions", async (rule, message) => {
    const { call, simulator } = await openBench();
    const good = { match: {}, fault: { kind: "drop" } };
    const refused = await call("POST", "/sim/faults", { rules: [rule, good] });
    expect(refused.status).toBe(400);
    expect(refused.body.message).toMatch(message);
    expect(simulator.faults()).toEqual([]);
  });
});
