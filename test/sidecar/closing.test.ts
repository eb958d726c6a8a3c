import { describe, expect, test } from "vitest";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { BOT, gate, json, openBroker, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf, WireConnection } from "./wire-client.ts";

const WITHIN_MS = 5_000;

function head(port: number, first: string, ...lines: string[]): string {
  return [first, `Host: 127.0.0.1:${port}`, ...BOT, ...lines, "", ""].join("\r\n");
}

async function openWithOrderUnderWay() {
  const [taken, goOn] = [gate(), gate()];
  const clock = new ManualClock(0);
  const broker = await openBroker();
  const bench = await openSidecar(broker.url, {
    clock,
    guarded: async () => {
      taken.open();
      await goOn.passed;
      return json(200, { done: true });
    },
  });
  const bot = new WireConnection(bench.port);
  bot.write(`${head(bench.port, "POST /v2/orders HTTP/1.1", "Content-Length: 2")}{}`);
  await taken.passed;
  return { bench, broker, bot, clock, goOn };
}

describe("a sidecar that closes", () => {
  test("gives the answer to the order under way, and then cuts the connection", async () => {
    const { bench, bot, goOn } = await openWithOrderUnderWay();
    const closed = bench.server.close(WITHIN_MS);
    goOn.open();
    await bot.until('{"done":true}');
    await bot.untilClosed();
    await closed;
  });

  test("takes nothing new meanwhile: reads get a 503, orders a 409", async () => {
    const { bench, broker, bot, goOn } = await openWithOrderUnderWay();
    const closed = bench.server.close(WITHIN_MS);
    const read = await exchange(bench.port, "GET", "/v2/account", BOT);
    expect([read.status, jsonOf(read).tradelatch.error]).toEqual([503, "closing"]);
    const order = await exchange(bench.port, "POST", "/v2/orders", BOT, "{}");
    expect([order.status, jsonOf(order).tradelatch.error]).toEqual([409, "order_not_taken"]);
    expect((await exchange(bench.port, "GET", "/v2/account")).status).toBe(401);
    goOn.open();
    await closed;
    await bot.untilClosed();
    expect(bench.guarded.length).toBe(1);
    expect(broker.requests()).toEqual([]);
  });

  test("does not wait longer than it was told to", async () => {
    const { bench, bot, clock, goOn } = await openWithOrderUnderWay();
    const closed = bench.server.close(WITHIN_MS);
    clock.advanceTo(WITHIN_MS);
    await closed;
    expect(await bot.untilClosed()).toBe("");
    goOn.open();
  });

  test("waits for an order whose bot has gone", async () => {
    const { bench, bot, clock, goOn } = await openWithOrderUnderWay();
    bot.destroy();
    let isClosed = false;
    const closed = bench.server.close(WITHIN_MS).then(() => {
      isClosed = true;
    });
    // Answered while closing: the loop has turned, and the close is still waiting.
    await exchange(bench.port, "GET", "/v2/account", BOT);
    expect([isClosed, clock.nextWakeAt()]).toEqual([false, WITHIN_MS]);
    goOn.open();
    await closed;
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  test("waits for a read under way, but not for a stream, which would never end", async () => {
    const [asked, answer] = [gate(), gate()];
    const upstream = await openUpstream(async (request, response) => {
      if (request.url === "/v2/events/trades") {
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.write("data: one\n\n");
        return;
      }
      asked.open();
      await answer.passed;
      response.end('{"read":true}');
    });
    const bench = await openSidecar(upstream.url, { clock: new ManualClock(0) });
    const listener = new WireConnection(bench.port);
    listener.write(head(bench.port, "GET /v2/events/trades HTTP/1.1"));
    await listener.until("data: one");
    const reader = new WireConnection(bench.port);
    reader.write(head(bench.port, "GET /v2/account HTTP/1.1"));
    await asked.passed;
    const closed = bench.server.close(WITHIN_MS);
    await listener.untilClosed();
    answer.open();
    await reader.until('{"read":true}');
    await closed;
  });

  test("tells routes of its own, so that they can end what has no end", async () => {
    const bench = await openSidecar((await openBroker()).url, {
      clock: new ManualClock(0),
      own: (app, { closing }) => {
        app.get("/latch/v1/events", (_request, reply) => {
          reply.hijack();
          reply.raw.write("data: one\n\n");
          closing.addEventListener("abort", () => reply.raw.end());
        });
      },
    });
    const listener = new WireConnection(bench.port);
    listener.write(head(bench.port, "GET /latch/v1/events HTTP/1.1"));
    await listener.until("data: one");
    await bench.server.close(WITHIN_MS);
    expect(await listener.untilClosed()).toContain("\r\n0\r\n\r\n");
  });

  test("has nobody to wait for when nothing is under way", async () => {
    const bench = await openSidecar((await openBroker()).url, { clock: new ManualClock(0) });
    const idle = new WireConnection(bench.port);
    idle.write(head(bench.port, "GET /v2/clock HTTP/1.1"));
    await idle.until("is_open");
    await bench.server.close(WITHIN_MS);
    await idle.untilClosed();
  });

  test("may be told twice", async () => {
    const bench = await openSidecar((await openBroker()).url);
    await Promise.all([bench.server.close(WITHIN_MS), bench.server.close(WITHIN_MS)]);
  });
});
