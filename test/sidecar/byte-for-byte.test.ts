import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, test } from "vitest";
import { ROUTE_ROWS } from "../../src/sidecar/route-policy.ts";
import { brokerRoutes } from "../../src/simulator/broker-routes.ts";
import type { Simulator } from "../../src/simulator/index.ts";
import {
  BOT,
  BROKER_ID,
  BROKER_SECRET,
  openBroker,
  openSidecar,
  openUpstream,
} from "./sidecar-bench.ts";
import { endToEnd, exchange, jsonOf, type WireAnswer } from "./wire-client.ts";

const DIRECT = [`APCA-API-KEY-ID: ${BROKER_ID}`, `APCA-API-SECRET-KEY: ${BROKER_SECRET}`];

/** Some writes pass under a key alone; to the others it makes no difference. */
const KEYED = ["Idempotency-Key: once-1"];

/** What was compared and came out the same; `vitest -u` writes it anew. */
const RECORD = "../../fixtures/sidecar/passed-through.txt";

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
  const ids: string[] = [];
  for (const broker of [direct, behind]) ids.splice(0, ids.length, ...(await live(broker)));
  const [list = "", ...orders] = ids;
  const ask = async (method: string, target: string, lines: readonly string[] = [], body = "") => {
    const [expected, passed] = [
      await exchange(direct.port, method, target, [...DIRECT, ...lines], body),
      await exchange(port, method, target, [...BOT, ...lines], body),
    ];
    return { expected: comparable(expected), passed: comparable(passed) };
  };
  return { ask, direct, behind, orders, list };
}

/**
 * A watchlist, then a filled order, a working one, a canceled one and another at work, with the same ids in both
 * worlds.
 */
async function live(broker: Simulator): Promise<string[]> {
  const list = JSON.stringify({ name: "mine", symbols: ["TQQQ", "SPY"] });
  const made = await exchange(broker.port, "POST", "/v2/watchlists", DIRECT, list);
  const ids: string[] = [jsonOf(made).id];
  for (const [index, limit] of [undefined, "60", "61", "62"].entries()) {
    const order = {
      ...{ symbol: "TQQQ", qty: "3", side: "buy", time_in_force: "day" },
      ...(limit === undefined ? { type: "market" } : { type: "limit", limit_price: limit }),
      client_order_id: `order ${index}/é`,
    };
    const text = Buffer.from(JSON.stringify(order)).toString("latin1");
    const answer = await exchange(broker.port, "POST", "/v2/orders", DIRECT, text);
    ids.push(JSON.parse(answer.body.toString("utf8")).id);
  }
  await exchange(broker.port, "DELETE", `/v2/orders/${ids[3]}`, DIRECT);
  return ids;
}

type Twins = Awaited<ReturnType<typeof openTwins>>;

/** Method, target, body and the status that both are to answer. */
type Exchange = readonly [string, string, string, number];

const LIST = '{"name":"ours","symbols":["QQQ"]}';
const SYMBOL = '{"symbol":"AAPL"}';

/** Every listed write, in an order in which each finds what it is about. */
function writesOf({ orders: [filled, working], list }: Twins): Exchange[] {
  return [
    ["DELETE", `/v2/orders/${working}`, "", 204],
    ["DELETE", `/v2/orders/${working}`, "", 422],
    ["DELETE", `/v2/orders/${filled}`, "", 422],
    ["DELETE", "/v2/orders/none", "", 404],
    ["DELETE", "/v2/orders", "", 207],
    ["PATCH", "/v2/account/configurations", '{"suspend_trade":false}', 200],
    ["PATCH", "/v2/account/configurations", '{"suspend_trade":"no"}', 422],
    ["POST", "/v2/watchlists", LIST, 200],
    ["POST", "/v2/watchlists", LIST, 422],
    ["POST", `/v2/watchlists/${list}`, SYMBOL, 200],
    ["PUT", `/v2/watchlists/${list}`, '{"name":"a b"}', 200],
    ["DELETE", `/v2/watchlists/${list}/AAPL`, "", 200],
    ["DELETE", `/v2/watchlists/${list}/AAPL`, "", 404],
    ["POST", "/v2/watchlists:by_name?name=a%20b", SYMBOL, 200],
    ["PUT", "/v2/watchlists%3Aby_name?name=a%20b", '{"symbols":[]}', 200],
    ["PUT", "/v2/watchlists:by_name?name=none", LIST, 404],
    ["DELETE", "/v2/watchlists:by_name?name=a%20b", "", 204],
    ["DELETE", `/v2/watchlists/${list}`, "", 404],
    // No contract is held, and the simulated broker exercises none.
    ["POST", "/v2/positions/AAPL240119C00100000/exercise", "", 404],
    ["POST", "/v2/positions/AAPL240119C00100000/do-not-exercise", "", 404],
    // Nor does it locate shares or make tokens of them.
    ["POST", "/v1/locates", '{"symbol":"SPY","qty":100}', 404],
    ["POST", "/v2/tokenization/mint", '{"underlying_symbol":"SPY","qty":"1"}', 404],
  ];
}

/** One line of the record: what was asked, and how much was the same on both ways. */
function recorded(method: string, target: string, { expected, passed }: Compared): string {
  const sides = [expected, passed].map((answer) => {
    const text = JSON.stringify([answer.statusLine, answer.headers, answer.body, answer.whole]);
    return createHash("sha256").update(text).digest("hex").slice(0, 16);
  });
  const { statusLine, headers, body } = expected;
  const size = `${headers.length} headers, ${body.length} bytes`;
  return `${method} ${target}\n  ${statusLine}, ${size}: direct ${sides[0]} sidecar ${sides[1]}`;
}

type Compared = Awaited<ReturnType<Twins["ask"]>>;

/** Whether a target fits a template, in which `{name}` or `:name` stands for a segment. */
function isCovered(template: string, targets: readonly string[]): boolean {
  const source = template
    .replace(/\{[a-z_]+\}|(?<!:):(?!:|by_name)[a-z]+/g, "[^/]+")
    .replace(/:+/, "(?::|%3[Aa])");
  const pattern = new RegExp(`^${source}$`);
  return targets.some((target) => pattern.test(target.split("?", 1).join()));
}

describe("through the sidecar", () => {
  let twins: Twins;
  beforeEach(async () => {
    twins = await openTwins();
  });

  const READS = [
    "/v2/watchlists",
    "/v2/watchlists:by_name?name=mine",
    "/v2/watchlists/904837e3-3b76-47ec-b432-046db621571b",
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
  test("every unguarded endpoint answers the same to the byte, and the record says so", async () => {
    const record: string[] = [];
    const compare = async (method: string, target: string, body = "") => {
      const both = await twins.ask(method, target, method === "GET" ? [] : KEYED, body);
      expect(both.passed, `${method} ${target}`).toEqual(both.expected);
      record.push(recorded(method, target, both));
      return both.expected;
    };
    const ofList = `/v2/watchlists/${twins.list}`;
    for (const target of [...READS, ofList]) await compare("GET", target);
    for (const id of twins.orders) {
      const { body } = await compare("GET", `/v2/orders/${id}?nested=true`);
      expect(JSON.parse(Buffer.from(body, "latin1").toString()).id).toBe(id);
    }
    for (const [method, target, body, status] of writesOf(twins)) {
      const { statusLine } = await compare(method, target, body);
      expect(statusLine, target).toContain(` ${status} `);
    }
    await expect(`${record.join("\n")}\n`).toMatchFileSnapshot(RECORD);
  });

  test("no endpoint of the two tables of routes is left out of that", () => {
    const never = () => {
      throw new Error("a route was called");
    };
    // Market data is another host's at Alpaca: bots ask for it there, and not through the sidecar.
    const isOrders = (path: string) => !path.startsWith("/v2/stocks/");
    const reads = brokerRoutes(never).filter(
      ({ method, path }) => method === "GET" && isOrders(path),
    );
    const targets = [...READS, ...twins.orders.map((id) => `/v2/orders/${id}`)];
    const unread = reads.filter(({ path }) => !isCovered(path, targets));
    const writes = writesOf(twins);
    const unwritten = ROUTE_ROWS.filter(({ policy, method, path }) => {
      const alike = writes.filter((write) => write[0] === method).map((write) => write[1]);
      return policy === "passed_write" && !isCovered(path, alike);
    });
    expect([reads.length > 15, unread, unwritten]).toEqual([true, [], []]);
  });

  test("a read is the same for HEAD", async () => {
    const { expected, passed } = await twins.ask("HEAD", "/v2/account");
    expect(passed).toEqual(expected);
  });

  test("a read is the same when the broker refuses, fails, throttles or answers with a web page", async () => {
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

describe("a listed write", () => {
  test("leaves an empty Content-Type alone, as one client sends it", async () => {
    const { ask, orders } = await openTwins();
    const { expected, passed } = await ask("DELETE", `/v2/orders/${orders[1]}`, ["Content-Type:"]);
    expect(expected.statusLine).toContain("204");
    expect(passed).toEqual(expected);
  });

  test("reaches the broker as it was sent, to the byte, whichever it is", async () => {
    const upstream = await openUpstream(echo);
    const { port } = await openSidecar(upstream.url);
    const odd = ["content-TYPE: text/plain", "X-oDd: caf\u00e9", "X-oDd: 2", "Accept: */*"];
    const lines = [...odd, ...KEYED];
    for (const { method, path, policy } of ROUTE_ROWS) {
      if (policy !== "passed_write") continue;
      const target = `${path.replace(/\{[a-z_]+\}/g, "a%20b~")}?q=%F0%9F%92%B8+%20&q=;&&`;
      const body = `{ "${path}": 1.50,\t"caf\u00e9": "\\u00e9" }\n`;
      const expected = await exchange(upstream.port, method, target, [...DIRECT, ...lines], body);
      const passed = await exchange(port, method, target, [...BOT, ...lines], body);
      expect(jsonOf(expected)).toMatchObject({ method, url: target });
      expect(comparable(passed), `${method} ${path}`).toEqual(comparable(expected));
    }
  });
});

/** Answers with what it was asked, without the headers that a way to the broker is to change. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  // The length is the body's, which is compared; its header may be spelled otherwise.
  const changed = /^(host|connection|content-length|apca-api-.*)$/i;
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, rawHeaders } = request;
    const headers = rawHeaders.filter((_, index) => {
      return !changed.test(rawHeaders[index - (index % 2)] ?? "");
    });
    const body = Buffer.concat(chunks).toString("latin1");
    const text = JSON.stringify({ method, url, headers, body });
    response.writeHead(200, { "X-eCHo": "yes", "Content-Length": Buffer.byteLength(text) });
    response.end(text);
  });
}

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
