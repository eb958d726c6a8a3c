import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import type { Simulator } from "../../src/simulator/index.ts";
import {
  BOT,
  BROKER_ID,
  BROKER_SECRET,
  openBroker,
  openSidecar,
  openUpstream,
} from "./sidecar-bench.ts";
import { endToEnd, exchange, type WireAnswer } from "./wire-client.ts";

const DIRECT = [`APCA-API-KEY-ID: ${BROKER_ID}`, `APCA-API-SECRET-KEY: ${BROKER_SECRET}`];

function comparable(answer: WireAnswer) {
  return {
    statusLine: answer.statusLine,
    headers: endToEnd(answer),
    body: answer.body.toString("latin1"),
    whole: answer.whole,
  };
}

/** Two brokers that live the same life: one is asked directly, the other through the sidecar. */
async function openTwins() {
  const [direct, behind] = [await openBroker(), await openBroker()];
  const { port } = await openSidecar(behind.url);
  const orders: string[] = [];
  for (const broker of [direct, behind]) orders.splice(0, orders.length, ...(await trade(broker)));
  const ask = async (method: string, target: string, lines: readonly string[] = [], body = "") => {
    const [expected, passed] = [
      await exchange(direct.port, method, target, [...DIRECT, ...lines], body),
      await exchange(port, method, target, [...BOT, ...lines], body),
    ];
    return { expected: comparable(expected), passed: comparable(passed) };
  };
  return { ask, direct, behind, orders };
}

/** A filled order, a working one and a canceled one, with the same ids in both worlds. */
async function trade(broker: Simulator): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, limit] of [undefined, "60", "61"].entries()) {
    const order = {
      ...{ symbol: "TQQQ", qty: "3", side: "buy", time_in_force: "day" },
      ...(limit === undefined ? { type: "market" } : { type: "limit", limit_price: limit }),
      client_order_id: `order ${index}/é`,
    };
    const text = Buffer.from(JSON.stringify(order)).toString("latin1");
    const answer = await exchange(broker.port, "POST", "/v2/orders", DIRECT, text);
    ids.push(JSON.parse(answer.body.toString("utf8")).id);
  }
  await exchange(broker.port, "DELETE", `/v2/orders/${ids[2]}`, DIRECT);
  return ids;
}

describe("a read through the sidecar", () => {
  let twins: Awaited<ReturnType<typeof openTwins>>;
  beforeEach(async () => {
    twins = await openTwins();
  });

  const READS = [
    "/v2/account",
    "/v2/account/configurations",
    "/v2/account/activities",
    "/v2/account/activities/FILL?page_size=1&direction=asc",
    "/v2/account/activities?activity_types=FILL%2CDIV",
    "/v2/account/activities?page_size=9999",
    "/v2/account/portfolio/history?period=1M",
    "/v2/assets",
    "/v2/assets/TQQQ",
    "/v2/assets/NOSUCH",
    "/v2/assets/BTC%2FUSD",
    "/v2/clock",
    "/v2/calendar?start=2026-05-01&end=2026-05-31",
    "/v2/calendar",
    "/v2/calendar?start=yesterday",
    "/v3/clock",
    "/v3/clock?markets=NYSE,NASDAQ",
    "/v3/clock?markets=NYSE%2CNASDAQ",
    "/v3/calendar/NYSE?start=2026-05-18&end=2026-05-22",
    "/v3/calendar/MARS",
    "/v2/positions",
    "/v2/positions/TQQQ",
    "/v2/positions/SPY",
    "/v2/orders",
    "/v2/orders?",
    "/v2/orders?status=all&limit=500&direction=asc&nested=true&symbols=TQQQ,SPY&after=&until=",
    "/v2/orders?status=all&symbols=TQQQ%2cSPY&after=2026-05-21T00:00:00%2B00:00",
    "/v2/orders?status=all&symbols=tqqq&symbols=SPY&&unknown=%F0%9F%92%B8+%20;x=1",
    "/v2/orders?status=sideways",
    "/v2/orders?limit=%2d1",
    "/v2/orders:by_client_order_id?client_order_id=order%201/%C3%A9",
    "/v2/orders%3Aby_client_order_id?client_order_id=order%200%2F%C3%A9",
    "/v2/orders:by_client_order_id?client_order_id=none",
    "/v2/orders/904837e3-3b76-47ec-b432-046db621571b",
    "/v2/no/such/page?at=all",
    "/v1beta3/crypto/us/latest/quotes?symbols=BTC%2FUSD",
  ];
  test("is the same to the byte: every read endpoint, filters, refusals and unknown pages", async () => {
    for (const target of READS) {
      const { expected, passed } = await twins.ask("GET", target);
      expect(passed, target).toEqual(expected);
    }
    for (const id of twins.orders) {
      const { expected, passed } = await twins.ask("GET", `/v2/orders/${id}?nested=true`);
      expect(JSON.parse(Buffer.from(expected.body, "latin1").toString()).id).toBe(id);
      expect(passed).toEqual(expected);
    }
  });

  test("is the same for HEAD", async () => {
    const { expected, passed } = await twins.ask("HEAD", "/v2/account");
    expect(passed).toEqual(expected);
  });

  test("is the same when the broker refuses, fails, throttles or answers with a web page", async () => {
    const match = { method: "GET", path: "/v2/account" } as const;
    const faults = [
      { kind: "refuse", status: 403, code: 40310000, message: "no", extra: { why: "é" } },
      { kind: "refuse", status: 500, message: "internal server error occurred" },
      { kind: "rate_limited", retryAfterSeconds: 7 },
      { kind: "html", status: 503, accept: false },
      { kind: "html", status: 200, accept: true },
    ] as const;
    for (const fault of faults) {
      for (const broker of [twins.direct, twins.behind]) broker.addFaults([{ match, fault }]);
      const { expected, passed } = await twins.ask("GET", "/v2/account");
      expect(passed, fault.kind).toEqual(expected);
    }
  });
});

describe("a listed write through the sidecar", () => {
  test("is the same to the byte: 204, 207, 404 and 422", async () => {
    const { ask, orders } = await openTwins();
    const body = JSON.stringify({ name: "mine", symbols: ["TQQQ"] });
    const writes = [
      ["DELETE", `/v2/orders/${orders[1]}`, "", 204],
      ["DELETE", `/v2/orders/${orders[1]}`, "", 422],
      ["DELETE", `/v2/orders/${orders[0]}`, "", 422],
      ["DELETE", "/v2/orders/none", "", 404],
      ["DELETE", "/v2/orders", "", 207],
      ["POST", "/v2/watchlists", body, 404],
      ["PUT", "/v2/watchlists:by_name?name=a%20b", body, 404],
      ["PATCH", "/v2/account/configurations", '{"suspend_trade":false}', 404],
    ] as const;
    for (const [method, target, text, status] of writes) {
      const { expected, passed } = await ask(method, target, [], text);
      expect(expected.statusLine, target).toContain(` ${status} `);
      expect(passed, `${method} ${target}`).toEqual(expected);
    }
  });

  test("leaves an empty Content-Type alone, as one client sends it", async () => {
    const { ask, orders } = await openTwins();
    const { expected, passed } = await ask("DELETE", `/v2/orders/${orders[1]}`, ["Content-Type:"]);
    expect(expected.statusLine).toContain("204");
    expect(passed).toEqual(expected);
  });
});

describe("an unusual answer of the broker", () => {
  async function through(
    answer: Parameters<typeof openUpstream>[0],
    method = "GET",
    target = "/v2/x",
  ) {
    const upstream = await openUpstream(answer);
    const { port } = await openSidecar(upstream.url);
    const expected = comparable(await exchange(upstream.port, method, target));
    const passed = comparable(await exchange(port, method, target, BOT));
    return { expected, passed };
  }

  test("keeps its compression", async () => {
    const { expected, passed } = await through((_request, response) => {
      const body = gzipSync("x".repeat(10_000));
      response.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": body.length });
      response.end(body);
    });
    expect(Buffer.from(passed.body, "latin1").subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
    expect(passed).toEqual(expected);
  });

  test("keeps repeated headers, their spelling, their bytes and the words of the status", async () => {
    const { expected, passed } = await through((_request, response) => {
      const headers = [
        "X-oDd",
        "1",
        "Set-Cookie",
        "a=1",
        "set-cookie",
        "b=2",
        "X-Name",
        "caf\u00e9",
      ];
      response.writeHead(299, "As It Pleases", [...headers, "Content-Length", "2"]);
      // As bytes: with text, node would write the headers in the encoding of the text.
      response.end(Buffer.from("ok"));
    });
    expect(passed.statusLine).toBe("HTTP/1.1 299 As It Pleases");
    expect(passed.headers).toContainEqual(["X-Name", "caf\u00e9"]);
    expect(passed).toEqual(expected);
  });

  test("keeps a HEAD's length without its body", async () => {
    const answer: Parameters<typeof through>[0] = (_request, response) => {
      response.writeHead(200, { "Content-Length": "12345", ETag: '"abc"' });
      response.end();
    };
    const { expected, passed } = await through(answer, "HEAD");
    expect(passed.headers).toContainEqual(["Content-Length", "12345"]);
    expect(passed).toEqual(expected);
  });

  for (const status of [204, 205, 304]) {
    test(`has no body with ${status}`, async () => {
      const { expected, passed } = await through((_request, response) => {
        response.writeHead(status, { ETag: '"abc"' });
        response.end();
      });
      expect(passed.body).toBe("");
      expect(passed).toEqual(expected);
    });
  }

  test("keeps its own Date, or its lack of one", async () => {
    const dates = ["Thu, 21 May 2026 14:00:00 GMT", undefined];
    const upstream = await openUpstream((_request, response) => {
      const date = dates.shift();
      response.sendDate = false;
      response.writeHead(200, {
        "Content-Length": "0",
        ...(date === undefined ? {} : { Date: date }),
      });
      response.end();
    });
    const { port } = await openSidecar(upstream.url);
    const dateOf = async () => {
      const { headers } = await exchange(port, "GET", "/v2/clock", BOT);
      return headers.find(([name]) => name.toLowerCase() === "date")?.[1];
    };
    expect([await dateOf(), await dateOf()]).toEqual(["Thu, 21 May 2026 14:00:00 GMT", undefined]);
  });

  test("is not followed when it is a redirect", async () => {
    const { expected, passed } = await through((_request, response) => {
      response.writeHead(307, {
        Location: "https://elsewhere.example/v2/x",
        "Content-Length": "0",
      });
      response.end();
    });
    expect(passed.statusLine).toContain("307");
    expect(passed).toEqual(expected);
  });

  test("may be large and in chunks of any size", async () => {
    const { expected, passed } = await through((_request, response) => {
      for (let size = 1; size < 300_000; size *= 3) response.write(Buffer.alloc(size, size % 251));
      response.end();
    });
    expect(passed.body.length).toBeGreaterThan(200_000);
    expect(passed).toEqual(expected);
  });

  test("may end with its connection", async () => {
    const { expected, passed } = await through((_request, response) => {
      response.useChunkedEncodingByDefault = false;
      response.removeHeader("transfer-encoding");
      response.writeHead(200, { "Content-Type": "text/plain" });
      response.end("until the end");
    });
    expect(passed).toEqual(expected);
  });
});
