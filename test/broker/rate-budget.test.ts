import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import { RateWindow, type RequestKind } from "../../src/broker/alpaca/rate-window.ts";
import type { ReadPurpose } from "../../src/broker/broker.ts";
import { LatchError } from "../../src/core/errors.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { rememberedBy } from "../core/remembered-by.ts";
import { BUY, bench } from "./alpaca-bench.ts";
import { json } from "./raw-server.ts";
import { SENT_ID } from "./wire-fixtures.ts";

/** Six requests for reads: five for read-backs, four for polls and all below, three for others. */
const LIMITS = { maxRequests: 10, windowMs: 1_000, orderReserve: 4 };
const KINDS = ["order", "read_back", "fill_poll", "other"] as const;

interface Admitted {
  readonly kind: RequestKind;
  readonly at: number;
}

/** Requests in a rolling window, each some time after the one before. */
const requests = fc.array(
  fc.record({
    kind: fc.constantFrom<RequestKind>(...KINDS),
    gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 })),
  }),
  { maxLength: 120, size: "max" },
);

function run(asked: readonly { readonly kind: RequestKind; readonly gapMs: number }[]) {
  const window = new RateWindow(LIMITS);
  const admitted: Admitted[] = [];
  let now = 0;
  for (const { kind, gapMs } of asked) {
    now += gapMs;
    const admission = window.admit(kind, now);
    if (admission.kind === "admitted") admitted.push({ kind, at: now });
    else {
      expect(kind, "an order was made to wait").not.toBe("order");
      expect(admission.retryAt).toBeGreaterThan(now);
    }
  }
  return admitted;
}

const inWindow = (admitted: readonly Admitted[], end: number) =>
  admitted.filter(({ at }) => at <= end && at > end - LIMITS.windowMs);

describe("the rate window", () => {
  it("admits every order, and never more in all than the limit while orders fit theirs", () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const admitted = run(asked);
        const orders = asked.filter(({ kind }) => kind === "order").length;
        expect(admitted.filter(({ kind }) => kind === "order")).toHaveLength(orders);
        for (const { at } of admitted) {
          const together = inWindow(admitted, at);
          const ordersIn = together.filter(({ kind }) => kind === "order").length;
          const overflow = Math.max(0, ordersIn - LIMITS.orderReserve);
          expect(together.length).toBeLessThanOrEqual(LIMITS.maxRequests + overflow);
        }
      }),
    );
  });

  it("admits no read that would bring the window above the limit, whatever orders did", () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const admitted = run(asked);
        admitted.forEach(({ kind, at }, index) => {
          if (kind === "order") return;
          const together = inWindow(admitted.slice(0, index + 1), at);
          expect(together.length).toBeLessThanOrEqual(LIMITS.maxRequests);
        });
      }),
    );
  });

  it("makes reads wait for all orders of the window, also for those beyond it", () => {
    fc.assert(
      fc.property(requests, (asked) => {
        const admitted = run(asked);
        const end = admitted.at(-1)?.at ?? 0;
        const window = new RateWindow(LIMITS);
        for (const { kind, at } of admitted) window.admit(kind, at);
        const together = inWindow(admitted, end);
        const left = LIMITS.maxRequests - together.length;
        expect(window.remaining(end)).toBe(Math.max(0, left));
        const inTheWay = together.at(-LIMITS.maxRequests)?.at ?? Number.NEGATIVE_INFINITY;
        const answer = window.admit("read_back", end);
        const retryAt = answer.kind === "full" ? answer.retryAt : end;
        expect(retryAt).toBeGreaterThanOrEqual(inTheWay + LIMITS.windowMs);
        const reads = together.filter(({ kind }) => kind !== "order");
        const room = LIMITS.maxRequests - LIMITS.orderReserve;
        const readInTheWay = reads.at(-room)?.at ?? Number.NEGATIVE_INFINITY;
        expect(retryAt).toBeGreaterThanOrEqual(readInTheWay + LIMITS.windowMs);
      }),
    );
  });

  it("leaves the reserve free when only reads are asked for", () => {
    const window = new RateWindow(LIMITS);
    const admitted = (purpose: RequestKind) =>
      Array.from({ length: 20 }, () => window.admit(purpose, 5).kind).filter(
        (kind) => kind === "admitted",
      );
    const counts = (["other", "fill_poll", "read_back"] as const).map(
      (purpose) => admitted(purpose).length,
    );
    expect(counts).toEqual([3, 1, 2]);
  });

  it("leaves polls a little, however many orders are sought", () => {
    const window = new RateWindow(LIMITS);
    for (let read = 0; read < 20; read += 1) window.admit("read_back", 5);
    expect(window.admit("read_back", 5).kind).toBe("full");
    expect(window.admit("fill_poll", 5).kind).toBe("admitted");
    expect(window.admit("other", 5).kind).toBe("full");
  });

  it("says when room will be, and then there is", () => {
    const window = new RateWindow(LIMITS);
    for (let at = 0; at < 5; at += 1) window.admit("read_back", at);
    expect(window.admit("read_back", 10)).toEqual({ kind: "full", retryAt: 1_000 });
    expect(window.admit("read_back", 999).kind).toBe("full");
    expect(window.admit("read_back", 1_000).kind).toBe("admitted");
  });

  it("keeps reads back for as long as the broker asked, but not orders", () => {
    const window = new RateWindow(LIMITS);
    window.holdReads(500);
    expect(window.admit("other", 0)).toEqual({ kind: "full", retryAt: 500 });
    expect(window.admit("order", 0).kind).toBe("admitted");
    expect(window.admit("other", 500).kind).toBe("admitted");
  });

  it("refuses limits that leave reads no room", () => {
    for (const wrong of [{ orderReserve: 10 }, { maxRequests: 0 }, { windowMs: 1.5 }]) {
      expect(() => new RateWindow({ ...LIMITS, ...wrong })).toThrow(LatchError);
    }
  });
});

describe("the rate budget", () => {
  const signal = new AbortController().signal;

  it("lets a read wait on the clock until there is room", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS });
    for (let read = 0; read < 5; read += 1) await budget.admitRead("read_back", signal);
    const remembered = rememberedBy(signal);
    const waiting = budget.admitRead("read_back", signal);
    expect(clock.nextWakeAt()).toBe(1_000);
    clock.advanceTo(1_000);
    expect(await waiting).toEqual({ kind: "admitted" });
    expect(rememberedBy(signal)).toBe(remembered);
  });

  it("does not make a read that would wait too long, or behind too many", async () => {
    const clock = new ManualClock(0);
    const impatient = new RateBudget({ clock, ...LIMITS, maxWaitMs: 999 });
    const short = new RateBudget({ clock, ...LIMITS, maxWaitingReads: 1 });
    for (let read = 0; read < 5; read += 1) {
      await impatient.admitRead("read_back", signal);
      await short.admitRead("read_back", signal);
    }
    expect((await impatient.admitRead("read_back", signal)).kind).toBe("refused");
    const first = short.admitRead("read_back", signal);
    expect((await short.admitRead("read_back", signal)).kind).toBe("refused");
    clock.advanceTo(1_000);
    expect((await first).kind).toBe("admitted");
  });

  it("keeps reads back for one window at most, however long a pause it is asked for", () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS });
    budget.holdReads(86_400_000);
    void budget.admitRead("read_back", signal);
    expect(clock.nextWakeAt()).toBe(LIMITS.windowMs);
  });

  it("lets a read-back go before polls that wait for longer, and polls before the rest", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS });
    for (let order = 0; order < 10; order += 1) {
      clock.advanceTo(order);
      budget.countOrder();
    }
    const gone: string[] = [];
    const ask = async (purpose: ReadPurpose, name: string) => {
      const { kind } = await budget.admitRead(purpose, signal);
      gone.push(`${kind} ${name}`);
    };
    const asked = [
      ask("other", "comparison"),
      ask("fill_poll", "first poll"),
      ask("fill_poll", "second poll"),
      ask("read_back", "read-back"),
    ];
    for (let at = 1_000; at < 1_004; at += 1) {
      clock.advanceTo(at);
      await turnOfTheLoop();
      expect(gone).toHaveLength(at - 999);
    }
    await Promise.all(asked);
    expect(gone).toEqual([
      "admitted read-back",
      "admitted first poll",
      "admitted second poll",
      "admitted comparison",
    ]);
  });

  it("refuses no read-back because many polls wait", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS, maxWaitingReads: 2 });
    for (let order = 0; order < 10; order += 1) budget.countOrder();
    const polls = [1, 2, 3].map(() => budget.admitRead("fill_poll", signal));
    const sought = budget.admitRead("read_back", signal);
    expect((await polls[2])?.kind).toBe("refused");
    clock.advanceTo(1_000);
    expect((await sought).kind).toBe("admitted");
    await Promise.all(polls);
  });

  it("ends a wait when it is told to", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS });
    for (let read = 0; read < 5; read += 1) await budget.admitRead("read_back", signal);
    const stop = new AbortController();
    const waiting = budget.admitRead("read_back", stop.signal);
    stop.abort();
    expect((await waiting).kind).toBe("refused");
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  it("sends orders at once while reads wait", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS, maxWaitMs: 500 });
    const { broker, server } = await bench(json(503, "{}"), { clock, budget });
    for (let read = 0; read < 5; read += 1) await broker.orderByClientId(SENT_ID);
    expect((await broker.orderByClientId(SENT_ID)).kind).toBe("unknown");
    expect(server.arrived).toHaveLength(5);
    for (let order = 0; order < 12; order += 1) await broker.submit(BUY);
    expect(server.arrived).toHaveLength(17);
  });

  it("counts the orders, so that a burst of them keeps reads back", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock, ...LIMITS });
    const { broker, server } = await bench(json(503, "{}"), { clock, budget });
    for (let order = 0; order < 10; order += 1) await broker.submit(BUY);
    const reading = broker.account();
    expect(clock.nextWakeAt()).toBe(1_000);
    expect(server.arrived).toHaveLength(10);
    clock.advanceTo(1_000);
    await reading;
  });

  it("keeps reads back after the broker answered 429 to a read", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock });
    const { broker } = await bench(json(429, "", { "retry-after": "2" }), { clock, budget });
    await broker.account();
    const reading = broker.account();
    expect(clock.nextWakeAt()).toBe(2_000);
    clock.advanceTo(2_000);
    await reading;
  });

  it("keeps reads back after the broker answered 429 to an order", async () => {
    const clock = new ManualClock(0);
    const budget = new RateBudget({ clock });
    const tooMany = json(429, { message: "too many requests." }, { "retry-after": "2" });
    const { broker, server } = await bench(tooMany, { clock, budget });
    expect(await broker.submit(BUY)).toMatchObject({ kind: "rate_limited", retryAfterMs: 2_000 });
    const reading = broker.account();
    expect(clock.nextWakeAt()).toBe(2_000);
    expect(server.arrived).toHaveLength(1);
    clock.advanceTo(2_000);
    await reading;
    expect(server.arrived).toHaveLength(2);
  });
});
