import { describe, expect, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import type { GoneSignal } from "../../src/gateway/caller.ts";
import { LatchError } from "../../src/index.ts";
import type { NativePorts } from "../../src/sidecar/native-ports.ts";
import { BUY, openNative, wakingUp } from "./native-bench.ts";
import { AGENT_SECRET, BOT, gate } from "./sidecar-bench.ts";
import { WireConnection } from "./wire-client.ts";

const SELL = { ...BUY, side: "sell", effect: "close", requestId: "exit" } as const;

describe("an order in the library's words", () => {
  test("is sent once: 201 with the broker's order, then 200 with its receipt", async () => {
    const { post, latch, broker, clock } = await openNative();
    const first = await post({ intent: BUY });
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ status: "PROCEED", requestId: "r-1" });
    const { order, wire } = first.body;
    expect(JSON.parse(wire).id).toBe(order.brokerOrderId);
    expect(order.submittedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    await latch.tick();
    clock.advanceTo(clock.now() + 60_000);
    const again = await post({ intent: BUY });
    expect([again.status, again.body.status]).toEqual([200, "SKIP"]);
    expect(again.body.receipt).toMatchObject({ outcome: "filled", filledQuantity: "6" });
    expect(broker.orders()).toHaveLength(1);
  });

  test("that is at work is 202 without a word about trying again", async () => {
    const { post } = await openNative();
    const limit = { ...BUY, type: "limit", limitPrice: "1" };
    await post({ intent: limit });
    const { status, body, headers } = await post({ intent: limit });
    expect([status, body.status, body.phase]).toEqual([202, "PENDING", "working"]);
    expect(body).not.toHaveProperty("isOwnAttempt");
    expect(headers["retry-after"]).toBeUndefined();
  });

  test("waits as long as the caller says, and is then 202 with Retry-After", async () => {
    const { post, latch, broker, clock } = await openNative();
    const match = { method: "POST", path: "/v2/orders" } as const;
    broker.addFaults([{ match, fault: { kind: "slow", delayMs: 600_000 } }]);
    const answer = await wakingUp(clock, post({ intent: BUY, waitMs: 0 }));
    expect([answer.status, answer.body.status]).toEqual([202, "PENDING"]);
    expect(answer.body).toMatchObject({ phase: "in_flight", isOwnAttempt: true });
    expect(answer.headers["retry-after"]).toBe("5");
    expect((await latch.claim("r-1"))?.told).toBe("pending");
  });

  test("may not wait longer in the library than over HTTP", async () => {
    const { latch, broker } = await openNative();
    const agent = "momentum" as AgentId;
    for (const waitMs of [-1, 10_001, Number.NaN]) {
      await expect(latch.submitFor(agent, BUY, { waitMs })).rejects.toMatchObject({
        code: "invalid_option",
        message: `waitMs is ${waitMs}: expected a number from 0 to 10000`,
      });
    }
    expect(broker.orders()).toEqual([]);
  });

  test("that the book refuses is 403 with its cause", async () => {
    const { post } = await openNative();
    const { status, body } = await post({ intent: SELL });
    expect([status, body.status, body.code]).toEqual([403, "BLOCKED", "close_while_flat"]);
  });

  test("that differs from the one before under its id is 422 and names the field", async () => {
    const { post } = await openNative();
    await post({ intent: BUY });
    const { status, body } = await post({ intent: { ...BUY, quantity: "7" } });
    expect([status, body.code]).toEqual([422, "fingerprint_mismatch"]);
    expect(body.difference).toEqual({ field: "quantity", first: "6", second: "7" });
  });

  test("belongs to the agent group whose key came with it", async () => {
    const { post, latch } = await openNative();
    await post({ intent: BUY });
    expect((await latch.claim("r-1"))?.key.agent).toBe("momentum");
  });

  test("may have its Content-Type left out", async () => {
    const { post } = await openNative();
    expect((await post({ intent: BUY }, BOT)).status).toBe(201);
    expect((await post({ intent: BUY }, [...BOT, "Content-Type: text/plain"])).status).toBe(202);
  });
});

describe("an order that cannot be understood", () => {
  test("is told so with the field and the value, and nothing was sent", async () => {
    const rows: readonly [unknown, number, string][] = [
      [{ intent: { ...BUY, qty: 6 } }, 422, 'unknown field "qty" in intent'],
      [BUY, 422, "intent is missing"],
      [{ intent: { ...BUY, quantity: "six" } }, 422, 'quantity is "six"'],
      [{ intent: { ...BUY, quantity: undefined } }, 422, "exactly one of them"],
      [{ intent: BUY, waitMs: 10_001 }, 422, "waitMs is 10001"],
      [{ intent: BUY, waitMs: -1 }, 422, "waitMs is -1"],
      [[BUY], 422, "the body is [{"],
      ["null", 422, "the body is null"],
      ['{"intent":', 400, "not valid JSON"],
      ["", 400, "cannot be empty"],
      ['{"intent":"\xff"}', 400, "not UTF-8"],
      ['{"__proto__":{}}', 400, "not valid JSON"],
      [`{"intent":{"side":${"[".repeat(60_000)}${"]".repeat(60_000)}}}`, 400, "nested more than"],
      [{ intent: { ...BUY, extension: { note: "\ud800" } } }, 422, "well-formed Unicode"],
    ];
    const { post, broker, failures } = await openNative();
    for (const [body, status, message] of rows) {
      const told = await post(body);
      expect([told.status, told.body.message]).toEqual([status, expect.stringContaining(message)]);
      expect(told.body.tradelatch.hint).toBeDefined();
    }
    expect(broker.orders()).toEqual([]);
    expect(failures).toEqual([]);
  });

  test("is quoted without the secret that is in it", async () => {
    const { post } = await openNative();
    const { text } = await post({ intent: { ...BUY, side: AGENT_SECRET } });
    expect(text).toContain("[redacted]");
    expect(text).not.toContain(AGENT_SECRET);
  });

  test("is too large above a mebibyte", async () => {
    const { post } = await openNative();
    const { status } = await post({ intent: { ...BUY, reason: "x".repeat(1_100_000) } });
    expect(status).toBe(413);
  });
});

describe("whatever fails, no client is told what it would send an order again on", () => {
  test("where no answer came of it, it is 409 with Retry-After", async () => {
    const rows: readonly [Error, RegExp][] = [
      [new LatchError("store_failed", "the disk is full"), /sent no order: the disk is full/],
      [new LatchError("broker_unavailable", "nobody there"), /sent no order: nobody there/],
      [new Error("an inner detail"), /not known yet/],
      [Object.assign(new Error("x"), { statusCode: 429 }), /not known yet/],
      [Object.assign(new Error("x"), { statusCode: 503 }), /not known yet/],
    ];
    const failed: unknown[] = rows.map(([error]) => error);
    const { post, failures } = await openNative({ submit: () => Promise.reject(failed.shift()) });
    for (const [error, said] of rows) {
      const { status, body, headers, text } = await post({ intent: BUY });
      expect([status, headers["retry-after"]], error.message).toEqual([409, "5"]);
      expect(body.message).toMatch(said);
      expect(text).not.toContain("inner detail");
    }
    expect(failures).toHaveLength(rows.length);
  });

  test("where the answer itself cannot be written it is 409, for the order may be there", async () => {
    const broken = { status: "PROCEED", requestId: 7, order: {} };
    const submit = (async () => broken) as unknown as NativePorts["submit"];
    const { post, failures } = await openNative({ submit });
    const { status, body } = await post({ intent: BUY });
    expect([status, body.tradelatch.error]).toEqual([409, "outcome_unknown"]);
    expect(failures).toHaveLength(1);
  });

  test("a latch that is closed took no order", async () => {
    const { post, latch } = await openNative();
    await latch.close();
    const { status, body } = await post({ intent: BUY });
    expect([status, body.tradelatch.error]).toEqual([409, "store_closed"]);
  });
});

test("a caller that hangs up is known to have gone", async () => {
  const asked = gate<GoneSignal>();
  const hungUp = gate();
  const { port } = await openNative({
    submit: (_agent, _intent, { gone }) => {
      asked.open(gone);
      gone.addEventListener("abort", () => hungUp.open());
      return new Promise(() => {});
    },
  });
  const client = new WireConnection(port);
  const body = JSON.stringify({ intent: BUY });
  const head = ["POST /latch/v1/orders HTTP/1.1", `Host: 127.0.0.1:${port}`, ...BOT];
  client.write(`${head.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect((await asked.passed).aborted).toBe(false);
  client.destroy();
  await hungUp.passed;
});
