import { describe, expect, test } from "vitest";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { LatchError, type OrderAnswer } from "../../src/index.ts";
import { createMetrics, type MetricsPorts } from "../../src/sidecar/metrics.ts";
import { StreamFeed } from "../../src/sidecar/stream-feed.ts";
import { BUY, openNative, wakingUp } from "./native-bench.ts";
import { AGENT_SECRET, BROKER_ID, BROKER_SECRET, gate } from "./sidecar-bench.ts";

/** Measurements by name with labels, as Prometheus reads them. */
function samplesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

const START = Date.UTC(2026, 4, 21, 13, 40);

function metricsOf(ports: Partial<MetricsPorts> = {}) {
  const clock = new ManualClock(START);
  const stream = () => ({ connected: true, behindSince: undefined });
  const metrics = createMetrics({ clock, latch: () => undefined, stream, ...ports });
  return { clock, metrics, read: async () => samplesIn(await metrics.text()) };
}

describe("the page for Prometheus", () => {
  test("tells claims by state, answers, durations and the rate budget", async () => {
    const { get, post, clock, latch } = await openNative();
    await post({ intent: BUY });
    await post({
      intent: { ...BUY, requestId: "r-2", symbol: "SPY", limitPrice: "1", type: "limit" },
    });
    await post({
      intent: { ...BUY, requestId: "r-3", side: "sell", effect: "close", quantity: "9" },
    });
    await latch.tick();
    clock.advanceTo(clock.now() + 5_000);
    const { status, headers, text } = await get("/metrics");
    expect([status, headers["content-type"]]).toEqual([
      200,
      expect.stringMatching(/^text\/plain; version=0\.0\.4/),
    ]);
    const samples = samplesIn(text);
    expect(Object.fromEntries(samples)).toMatchObject({
      'tradelatch_claims{status="OPEN"}': 0,
      'tradelatch_claims{status="RESOLVED"}': 0,
      'tradelatch_claims{status="IN_RECONCILIATION"}': 1,
      'tradelatch_claims{status="FINAL"}': 0,
      'tradelatch_claims{status="SETTLED"}': 1,
      'tradelatch_answers_total{answer="PROCEED"}': 2,
      'tradelatch_answers_total{answer="BLOCKED"}': 1,
      'tradelatch_answers_total{answer="PENDING"}': 0,
      'tradelatch_answers_total{answer="SKIP"}': 0,
      'tradelatch_answers_total{answer="NOT_TAKEN"}': 0,
      tradelatch_submit_duration_seconds_count: 3,
      tradelatch_oldest_unresolved_claim_seconds: 0,
      tradelatch_ledger_readable: 1,
      tradelatch_rate_budget_capacity: 200,
      tradelatch_stream_connected: 1,
      tradelatch_stream_lag_seconds: 0,
    });
    const { remaining } = latch.rateBudget();
    expect(samples.get("tradelatch_rate_budget_remaining")).toBe(remaining);
    expect(remaining).toBeLessThan(200);
    for (const word of [AGENT_SECRET, BROKER_SECRET, BROKER_ID, "TQQQ", "r-1", "momentum"]) {
      expect(text).not.toContain(word);
    }
  });

  test("tells how old the oldest attempt is of which nobody knows", async () => {
    const { get, post, clock, broker } = await openNative();
    const match = { method: "POST", path: "/v2/orders" } as const;
    broker.addFaults([{ match, fault: { kind: "slow", delayMs: 600_000 } }]);
    const { body } = await wakingUp(clock, post({ intent: BUY, waitMs: 0 }));
    expect(body.status).toBe("PENDING");
    clock.advanceTo(clock.now() + 90_000);
    const samples = samplesIn((await get("/metrics")).text);
    expect(samples.get("tradelatch_oldest_unresolved_claim_seconds")).toBe(90);
  });
});

describe("measurements", () => {
  test("of an answer take the time that its caller waited", async () => {
    const { metrics, clock, read } = metricsOf();
    const answer = gate<OrderAnswer>();
    const submitted = metrics.observed(() => answer.passed)();
    clock.advanceTo(START + 300);
    answer.open({ status: "SKIP" } as OrderAnswer);
    await submitted;
    const refused = new LatchError("store_failed", "the disk is full");
    await expect(metrics.observed(() => Promise.reject(refused))()).rejects.toBe(refused);
    expect(Object.fromEntries(await read())).toMatchObject({
      'tradelatch_submit_duration_seconds_bucket{le="0.25"}': 1,
      'tradelatch_submit_duration_seconds_bucket{le="0.5"}': 2,
      tradelatch_submit_duration_seconds_sum: 0.3,
      'tradelatch_answers_total{answer="SKIP"}': 1,
      'tradelatch_answers_total{answer="NOT_TAKEN"}': 1,
    });
  });

  test("leave out what cannot be read now, and say so", async () => {
    const away = () => Promise.reject(new LatchError("store_failed", "the disk is gone"));
    const broken = {
      countByStatus: away,
      unsettledClaims: away,
      incidents: away,
      rateBudget: () => ({ capacity: 200, remaining: 7 }),
    };
    for (const latch of [undefined, broken]) {
      const samples = await metricsOf({ latch: () => latch }).read();
      expect(samples.get("tradelatch_ledger_readable")).toBe(0);
      const names = [...samples.keys()].join();
      expect(names).not.toContain("tradelatch_claims");
      expect(names).not.toContain("oldest");
      expect(samples.get("tradelatch_rate_budget_remaining")).toBe(latch && 7);
    }
  });

  test("of two sidecars in one process are apart", async () => {
    const [one, other] = [metricsOf(), metricsOf()];
    await one.metrics.observed(async () => ({ status: "SKIP" }) as OrderAnswer)();
    expect((await one.read()).get('tradelatch_answers_total{answer="SKIP"}')).toBe(1);
    expect((await other.read()).get('tradelatch_answers_total{answer="SKIP"}')).toBe(0);
  });

  test("of a stream that is behind tell for how long", async () => {
    const stream = () => ({ connected: false, behindSince: START - 2_500 });
    const samples = await metricsOf({ stream }).read();
    expect(samples.get("tradelatch_stream_connected")).toBe(0);
    expect(samples.get("tradelatch_stream_lag_seconds")).toBe(2.5);
  });
});

test("the rate budget says what is left, and asking costs nothing", () => {
  const clock = new ManualClock(START);
  const budget = new RateBudget({ clock, maxRequests: 3, orderReserve: 1, windowMs: 1_000 });
  for (const remaining of [3, 2, 1, 0, 0]) {
    expect(budget.state()).toEqual({ capacity: 3, remaining });
    budget.countOrder();
  }
  clock.advanceTo(START + 1_000);
  expect(budget.state()).toEqual({ capacity: 3, remaining: 3 });
});

test("the stream is behind from its start, or from a gap, until the orders were read", async () => {
  const clock = new ManualClock(START);
  let live = gate();
  const feed = new StreamFeed({
    clock,
    catchUp: async () => [],
    deliver: () => {},
    onLive: () => live.open(),
  });
  expect(feed.behindSince).toBe(START);
  feed.upstreamUp();
  await live.passed;
  expect(feed.behindSince).toBeUndefined();
  feed.upstreamGap(START - 40);
  expect(feed.behindSince).toBe(START - 40);
  live = gate();
  feed.upstreamUp();
  await live.passed;
  expect(feed.behindSince).toBeUndefined();
  feed.close();
});
