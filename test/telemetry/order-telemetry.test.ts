import type { ReadableSpan } from "@opentelemetry/sdk-trace-node";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { traceFields } from "../../src/index.ts";
import { anchored, CLOSE, LONG, OPEN, openWorld } from "../gateway/world.ts";
import { registerSdk } from "./recording-sdk.ts";

const REQUEST_ID = "tradelatch.request_id";
const RESULT = "tradelatch.result";

function resultsOf(spans: readonly ReadableSpan[]) {
  return spans.map(({ name, attributes }) => [name, attributes[RESULT]]);
}

function onlyOne(spans: readonly ReadableSpan[]): ReadableSpan {
  expect(spans).toHaveLength(1);
  return spans[0] as ReadableSpan;
}

describe("in a process that has registered an SDK", () => {
  test("an order is one trace: its claim and its submit lie within it, by one request id", async () => {
    const sdk = registerSdk();
    const world = await openWorld();
    const { requestId } = await world.submit(await world.open(), anchored());
    const order = onlyOne(sdk.spans("order"));
    const within = [...sdk.spans("claim"), ...sdk.spans("submit")];
    expect(resultsOf([order, ...within])).toEqual([
      ["tradelatch.order", "PROCEED"],
      ["tradelatch.claim", "proceed"],
      ["tradelatch.submit", "accepted"],
    ]);
    for (const span of within) {
      expect(span.parentSpanContext?.spanId).toBe(order.spanContext().spanId);
    }
    expect([order, ...within].map(({ attributes }) => attributes[REQUEST_ID])).toEqual(
      [order, ...within].map(() => requestId),
    );
  });

  test("what settles a claim later is linked to the span that claimed it", async () => {
    const sdk = registerSdk();
    const world = await openWorld();
    const { requestId } = await world.submit(await world.open(), OPEN);
    await world.untilSettled();
    const settled = onlyOne(sdk.spans("settle"));
    expect(settled.attributes).toMatchObject({ [REQUEST_ID]: requestId, [RESULT]: "filled" });
    const claimed = onlyOne(sdk.spans("claim")).spanContext();
    expect(settled.spanContext().traceId).not.toBe(claimed.traceId);
    expect(settled.links.map(({ context }) => context.spanId)).toEqual([claimed.spanId]);
  });

  test("a repeat is a trace of its own that names the same request id", async () => {
    const sdk = registerSdk();
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, anchored());
    await world.submit(bot, anchored());
    const orders = sdk.spans("order");
    expect(orders.map(({ attributes }) => attributes[RESULT])).toEqual(["PROCEED", "PENDING"]);
    expect(new Set(orders.map(({ attributes }) => attributes[REQUEST_ID])).size).toBe(1);
    expect(new Set(orders.map((span) => span.spanContext().traceId)).size).toBe(2);
    expect(sdk.spans("submit")).toHaveLength(1);
  });

  test("a lost answer shows as ambiguous, and the read-back that finds the order as found", async () => {
    const sdk = registerSdk();
    const world = await openWorld();
    const bot = await world.open();
    world.fault({ kind: "accept_then_drop" });
    await world.submit(bot, OPEN);
    expect(onlyOne(sdk.spans("submit")).attributes[RESULT]).toBe("ambiguous");
    expect(sdk.spans("read_back").at(-1)?.attributes).toMatchObject({
      [RESULT]: "found",
      "tradelatch.client_order_id": world.theClaim().clientOrderId,
    });
  });

  test("the verdict on a refused exit is linked to the exit's claim", async () => {
    const sdk = registerSdk();
    const world = await openWorld(LONG);
    const bot = await world.open();
    const message = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
    world.fault({ kind: "refuse", status: 422, code: 42_210_000, message }, {}, 1);
    const { requestId } = await world.submit(bot, CLOSE);
    await world.untilSettled();
    const verdict = sdk.spans("verdict").at(-1);
    expect(verdict?.attributes).toMatchObject({ [REQUEST_ID]: requestId, [RESULT]: "still_held" });
    expect(verdict?.links).toHaveLength(1);
    expect(
      JSON.stringify(sdk.spans().map(({ attributes, events }) => [attributes, events])),
    ).not.toContain("inferred");
  });

  test("operations are counted by what came of them, under words of our own", async () => {
    const sdk = registerSdk();
    const world = await openWorld();
    const bot = await world.open();
    await world.submit(bot, anchored());
    await world.submit(bot, anchored());
    await world.submit(bot, { ...CLOSE, quantity: "60" });
    await world.untilSettled();
    expect(await sdk.counts()).toMatchObject({
      "claim proceed": 1,
      "claim pending": 1,
      "order BLOCKED": 1,
      "submit accepted": 1,
      "settle filled": 1,
    });
  });

  test("log lines carry the trace that they belong to", async () => {
    const sdk = registerSdk();
    const world = await openWorld();
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    await world.submit(await world.open({ logger: pino({ mixin: traceFields }, { write }) }), OPEN);
    const order = onlyOne(sdk.spans("order")).spanContext();
    const answered = lines.map((line) => JSON.parse(line)).find(({ msg }) => /answered/.test(msg));
    expect(answered).toMatchObject({ trace_id: order.traceId, span_id: order.spanId });
    expect(answered).toMatchObject({ trace_flags: "01" });
  });

  test("an SDK that throws at every span changes no answer, and the order is sent once", async () => {
    const fails = () => {
      throw new Error("the SDK is broken");
    };
    const done = async () => undefined;
    registerSdk([{ onStart: fails, onEnd: fails, forceFlush: done, shutdown: done }]);
    const world = await openWorld();
    const answer = await world.submit(await world.open(), OPEN);
    expect(answer.status).toBe("PROCEED");
    await world.untilSettled();
    expect(world.theClaim()).toMatchObject({ status: "SETTLED", outcome: "filled" });
    expect(world.posts()).toHaveLength(1);
  });
});

describe("in a process without an SDK", () => {
  test("log lines carry no trace, and orders go their way", async () => {
    const world = await openWorld();
    const answer = await world.submit(await world.open(), OPEN);
    expect(answer.status).toBe("PROCEED");
    expect(traceFields()).toEqual({});
  });

  test("a log line has its own fields, and none of the line before it", () => {
    const lines: string[] = [];
    const logger = pino({ mixin: traceFields }, { write: (line: string) => void lines.push(line) });
    logger.info({ requestId: "r-1" }, "order answered");
    logger.info("ended");
    expect(lines.map((line) => JSON.parse(line).requestId)).toEqual(["r-1", undefined]);
  });
});
