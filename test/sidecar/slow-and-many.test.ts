import { describe, expect, test } from "vitest";
import { BOT, gate, json, openBroker, openSidecar } from "./sidecar-bench.ts";
import { exchange, jsonOf, parseAnswer, WireConnection } from "./wire-client.ts";

const IMPATIENT = { headersTimeoutMs: 100, requestTimeoutMs: 200, timeoutCheckMs: 20 };
/** Time enough for what a client sends at once, also on a machine with much else to do. */
const PATIENT = { headersTimeoutMs: 500, requestTimeoutMs: 1_000, timeoutCheckMs: 20 };

function head(port: number, first: string, ...lines: string[]): string {
  return [first, `Host: 127.0.0.1:${port}`, ...BOT, ...lines, "", ""].join("\r\n");
}

describe("a slow client", () => {
  test("that drips its headers is told and cut off", async () => {
    const bench = await openSidecar((await openBroker()).url, { bounds: IMPATIENT });
    const connection = new WireConnection(bench.port);
    connection.write("GET /v2/account HTTP/1.1\r\nX-Slow: ");
    const text = await connection.untilClosed();
    const answer = parseAnswer(Buffer.from(text, "latin1"), "GET");
    expect(answer.status).toBe(408);
    expect(jsonOf(answer).tradelatch.error).toBe("request_timeout");
  });

  test("that says nothing at all is cut off", async () => {
    const bench = await openSidecar((await openBroker()).url, { bounds: IMPATIENT });
    await new WireConnection(bench.port).untilClosed();
  });

  test("that drips the body of an order is cut off, and there is no order", async () => {
    const bench = await openSidecar((await openBroker()).url, { bounds: IMPATIENT });
    const connection = new WireConnection(bench.port);
    connection.write(`${head(bench.port, "POST /v2/orders HTTP/1.1", "Content-Length: 50")}{`);
    await connection.untilClosed();
    expect(bench.guarded).toEqual([]);
  });

  test("that drips the body of a passed write is cut off, and so is the broker's copy", async () => {
    const broker = await openBroker();
    const bench = await openSidecar(broker.url, { bounds: IMPATIENT });
    const connection = new WireConnection(bench.port);
    connection.write(`${head(bench.port, "POST /v2/watchlists HTTP/1.1", "Content-Length: 50")}{`);
    await connection.untilClosed();
    expect(broker.requests()).toEqual([]);
  });
});

describe("an order that is being handled", () => {
  test("is not answered by an error about the bytes that came after it", async () => {
    const [taken, goOn] = [gate(), gate()];
    const bench = await openSidecar((await openBroker()).url, {
      guarded: async () => {
        taken.open();
        await goOn.passed;
        return json(200, {});
      },
    });
    const connection = new WireConnection(bench.port);
    connection.write(`${head(bench.port, "POST /v2/orders HTTP/1.1", "Content-Length: 2")}{}`);
    await taken.passed;
    connection.write("NONSENSE\r\n\r\n");
    expect(await connection.untilClosed()).toBe("");
    goOn.open();
  });

  test("may take longer than its request was allowed to", async () => {
    const bench = await openSidecar((await openBroker()).url, {
      bounds: PATIENT,
      guarded: async () => {
        // Three rounds of connections that are cut off for their slowness.
        for (let round = 0; round < 3; round += 1) {
          await new WireConnection(bench.port).untilClosed();
        }
        return json(200, { waited: true });
      },
    });
    const answer = await exchange(bench.port, "POST", "/v2/orders", BOT, "{}");
    expect(jsonOf(answer)).toEqual({ waited: true });
  });
});

describe("a request that is too large", () => {
  test("in its headers is told so", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const lines = [...BOT, `X-Long: ${"x".repeat(20_000)}`];
    const answer = await exchange(bench.port, "GET", "/v2/account", lines);
    expect(answer.status).toBe(431);
    expect(jsonOf(answer).tradelatch.error).toBe("headers_too_large");
  });

  test("in its query is told so", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const answer = await exchange(bench.port, "GET", `/v2/orders?${"x".repeat(20_000)}`, BOT);
    expect(answer.status).toBe(431);
  });
});

describe("too many", () => {
  test("connections: those beyond the bound are cut at once", async () => {
    const bench = await openSidecar((await openBroker()).url, { bounds: { connections: 2 } });
    const kept = [new WireConnection(bench.port), new WireConnection(bench.port)];
    for (const connection of kept) {
      connection.write(head(bench.port, "GET /v2/clock HTTP/1.1"));
      await connection.until("is_open");
    }
    expect(await new WireConnection(bench.port).untilClosed()).toBe("");
    for (const connection of kept) connection.destroy();
  });

  test("requests on one connection: reads get a 503, orders a 409 that says none was sent", async () => {
    const [taken, goOn] = [gate(), gate()];
    const bench = await openSidecar((await openBroker()).url, {
      bounds: { underWay: 1 },
      guarded: async () => {
        taken.open();
        await goOn.passed;
        return json(200, { first: true });
      },
    });
    const busy = new WireConnection(bench.port);
    busy.write(`${head(bench.port, "POST /v2/orders HTTP/1.1", "Content-Length: 2")}{}`);
    await taken.passed;
    const read = await exchange(bench.port, "GET", "/v2/account", BOT);
    expect([read.status, jsonOf(read).tradelatch.error]).toEqual([503, "overloaded"]);
    const order = await exchange(bench.port, "POST", "/v2/orders", BOT, "{}");
    expect([order.status, jsonOf(order).tradelatch.error]).toEqual([409, "order_not_taken"]);
    expect(order.headers).toContainEqual(["retry-after", "5"]);
    goOn.open();
    await busy.until("first");
    busy.destroy();
  });

  test("refusals: of one kind only the first is logged until a minute has passed", async () => {
    const bench = await openSidecar((await openBroker()).url);
    for (let count = 0; count < 5; count += 1) {
      await exchange(bench.port, "GET", "/v2/account");
      await exchange(bench.port, "POST", "/v2/wallets/transfers", BOT);
    }
    const kinds = bench.log.map((line) => JSON.parse(line).kind);
    expect(kinds.filter(Boolean)).toEqual(["unauthorized", "route_refused"]);
  });
});
