import { describe, expect, test } from "vitest";
import { BOT, gate, json, openBroker, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf, WireConnection } from "./wire-client.ts";

const LIMIT = 1_024 * 1_024;
const ORDER = '{"symbol":"TQQQ","qty":1}';

function chunked(body: string, size = 65_536): string {
  const parts: string[] = [];
  for (let at = 0; at < body.length; at += size) {
    const part = body.slice(at, at + size);
    parts.push(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  return `${parts.join("")}0\r\n\r\n`;
}

async function sendChunked(port: number, method: string, target: string, body: string) {
  const connection = new WireConnection(port);
  const lines = [`${method} ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...BOT];
  connection.write(`${lines.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(body)}`);
  return connection;
}

/** The next request on the same connection gets its answer. */
async function expectToGoOn(connection: WireConnection, port: number): Promise<void> {
  const lines = ["GET /v2/clock HTTP/1.1", `Host: 127.0.0.1:${port}`, ...BOT];
  connection.write(`${lines.join("\r\n")}\r\n\r\n`);
  await connection.until("is_open");
  connection.destroy();
}

describe("the body of a guarded request", () => {
  const TYPES = [
    [],
    ["Content-Type:"],
    ["Content-Type: text/plain;charset=UTF-8"],
    ["Content-Type: application/json"],
    ["Content-Type: application/x-www-form-urlencoded"],
    ["Content-Type: ;;;"],
    ["Content-Type: multipart/form-data; boundary=x"],
  ];
  for (const lines of TYPES) {
    test(`is its text, whatever its type says: ${lines.join() || "no type"}`, async () => {
      const bench = await openSidecar((await openBroker()).url);
      const answer = await exchange(bench.port, "POST", "/v2/orders", [...BOT, ...lines], ORDER);
      expect(jsonOf(answer)).toEqual({ guarded: true });
      expect(bench.guarded).toMatchObject([{ method: "POST", path: "/v2/orders", body: ORDER }]);
    });
  }

  test("is taken whatever else its client expects", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const lines = [...BOT, "Expect: 200-ok"];
    const answer = await exchange(bench.port, "POST", "/v2/orders", lines, ORDER);
    expect(jsonOf(answer)).toEqual({ guarded: true });
  });

  test("comes with method, path and query of all four guarded routes", async () => {
    const bench = await openSidecar((await openBroker()).url);
    for (const [method, target] of [
      ["POST", "/v2/orders"],
      ["PATCH", "/v2/orders/904837e3?x=1"],
      ["DELETE", "/v2/positions?cancel_orders=True"],
      ["DELETE", "/v2/positions/BTC%2FUSD/?percentage=50&qty=%31"],
    ] as const) {
      expect((await exchange(bench.port, method, target, BOT)).status).toBe(200);
    }
    expect(
      bench.guarded.map(({ method, path, query, body, agent }) => [
        ...[method, path, query.toString(), body, agent.id],
      ]),
    ).toEqual([
      ["POST", "/v2/orders", "", "", "bot-1"],
      ["PATCH", "/v2/orders/904837e3", "x=1", "", "bot-1"],
      ["DELETE", "/v2/positions", "cancel_orders=True", "", "bot-1"],
      ["DELETE", "/v2/positions/BTC%2FUSD", "percentage=50&qty=1", "", "bot-1"],
    ]);
  });

  test("may come in chunks, and with characters cut in two between them", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const bytes = Buffer.from('{"note":"é€💸"}').toString("latin1");
    const connection = new WireConnection(bench.port);
    const lines = ["POST /v2/orders HTTP/1.1", `Host: 127.0.0.1:${bench.port}`, ...BOT];
    connection.write(`${lines.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    connection.write(chunked(bytes, 1));
    await connection.until("guarded");
    connection.destroy();
    expect(bench.guarded[0]?.body).toBe('{"note":"é€💸"}');
  });

  test("may be as long as the limit, to the byte", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const answer = await exchange(bench.port, "POST", "/v2/orders", BOT, "x".repeat(LIMIT));
    expect(answer.status).toBe(200);
    expect(bench.guarded[0]?.body.length).toBe(LIMIT);
  });

  test("one byte longer is refused, announced or in chunks, and the connection goes on", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const body = "x".repeat(LIMIT + 1);
    const announced = await exchange(bench.port, "POST", "/v2/orders", BOT, body);
    expect(announced.status).toBe(413);
    expect(jsonOf(announced)).toMatchObject({ code: 41390001 });
    const connection = await sendChunked(bench.port, "POST", "/v2/orders", body + body);
    await connection.until("body_too_large");
    await expectToGoOn(connection, bench.port);
    expect(bench.guarded).toEqual([]);
  });

  test("that is not UTF-8 is refused rather than mended", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const body = '{"client_order_id":"caf\xe9"}';
    const answer = await exchange(bench.port, "POST", "/v2/orders", BOT, body);
    expect(answer.status).toBe(400);
    expect(bench.guarded).toEqual([]);
  });

  test("that breaks off is no order", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const connection = new WireConnection(bench.port);
    const lines = ["POST /v2/orders HTTP/1.1", `Host: 127.0.0.1:${bench.port}`, ...BOT];
    connection.write(`${lines.join("\r\n")}\r\nContent-Length: 100\r\n\r\n${ORDER}`);
    // The answer to another request on a second connection: by then the first was taken in.
    await exchange(bench.port, "GET", "/v2/clock", BOT);
    connection.destroy();
    await bench.server.close(60_000);
    expect(bench.guarded).toEqual([]);
  });
});

describe("the body of a passed write", () => {
  test("is bounded too, announced or in chunks, and the broker gets none of it whole", async () => {
    const whole: string[] = [];
    const upstream = await openUpstream((request, response) => {
      request.on("end", () => whole.push(request.url ?? ""));
      request.on("error", () => {});
      request.resume().on("end", () => response.end("{}"));
    });
    const bench = await openSidecar(upstream.url);
    const body = "x".repeat(LIMIT + 1);
    const announced = await exchange(bench.port, "POST", "/v2/watchlists", BOT, body);
    expect(announced.status).toBe(413);
    expect(upstream.requests.length).toBe(0);
    const connection = await sendChunked(bench.port, "POST", "/v2/watchlists", body);
    await connection.until("body_too_large");
    connection.destroy();
    expect(whole).toEqual([]);
  });

  test("that is cut off half-way leaves a connection that goes on", async () => {
    const bench = await openSidecar((await openBroker()).url);
    const body = "x".repeat(LIMIT * 2);
    const connection = await sendChunked(bench.port, "POST", "/v2/watchlists", body);
    await connection.until("body_too_large");
    await expectToGoOn(connection, bench.port);
  });
});

describe("the answer of the order handling", () => {
  test("is given as it is, with its status and headers", async () => {
    const bench = await openSidecar((await openBroker()).url, {
      guarded: async () => ({
        status: 200,
        headers: { "content-type": "application/json", "Idempotent-Replayed": "true" },
        body: '{"qty":"1","note":"é"}',
      }),
    });
    const answer = await exchange(bench.port, "POST", "/v2/orders", BOT, ORDER);
    expect(answer.headers).toContainEqual(["Idempotent-Replayed", "true"]);
    expect(answer.body.toString("utf8")).toBe('{"qty":"1","note":"é"}');
    expect(answer.whole).toBe(true);
  });

  test("may be empty", async () => {
    const guarded = async () => ({ status: 204, headers: {}, body: "" });
    const bench = await openSidecar((await openBroker()).url, { guarded });
    const answer = await exchange(bench.port, "DELETE", "/v2/positions", BOT);
    expect([answer.status, answer.body.length, answer.whole]).toEqual([204, 0, true]);
    expect(answer.headers.map(([name]) => name.toLowerCase())).not.toContain("content-length");
  });

  test("is never a 5xx when the handling fails: the outcome is unknown, and that is said", async () => {
    const bench = await openSidecar((await openBroker()).url, {
      guarded: () => Promise.reject(new Error("a bug")),
    });
    const answer = await exchange(bench.port, "POST", "/v2/orders", BOT, ORDER);
    expect(answer.status).toBe(409);
    expect(answer.headers).toContainEqual(["retry-after", "5"]);
    expect(jsonOf(answer)).toMatchObject({ tradelatch: { error: "outcome_unknown" } });
    expect(bench.log.join()).toContain("a bug");
  });

  test("is never a 5xx when it throws before it waits for anything", async () => {
    const bench = await openSidecar((await openBroker()).url, {
      guarded: () => {
        throw new Error("a bug");
      },
    });
    expect((await exchange(bench.port, "POST", "/v2/orders", BOT, ORDER)).status).toBe(409);
  });

  test("is worked out to its end when the bot has gone", async () => {
    const [taken, goOn, done] = [gate(), gate(), gate()];
    const bench = await openSidecar((await openBroker()).url, {
      guarded: async () => {
        taken.open();
        await goOn.passed;
        done.open();
        return json(200, {});
      },
    });
    const connection = await sendChunked(bench.port, "POST", "/v2/orders", ORDER);
    await taken.passed;
    connection.destroy();
    goOn.open();
    await done.passed;
  });
});

describe("a cancel that passed", () => {
  test("is reported after its answer, with its path and status; other writes are not", async () => {
    const broker = await openBroker();
    const bench = await openSidecar(broker.url);
    await exchange(bench.port, "POST", "/v2/watchlists", BOT, "{}");
    await exchange(bench.port, "GET", "/v2/orders", BOT);
    await exchange(bench.port, "DELETE", "/v2//orders?x=1", BOT);
    await bench.cancelReported;
    expect(bench.cancels).toEqual([
      {
        method: "DELETE",
        path: "/v2/orders",
        query: "x=1",
        agent: { id: "bot-1", group: "momentum" },
        outcome: { kind: "answered", status: 207 },
      },
    ]);
  });
});
