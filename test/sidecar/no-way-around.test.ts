/**
 * Nobody gets an order to the broker past the guard: each request here is either handed to the order
 * handling or refused, and the broker never sees a write that it did not.
 */
import { beforeEach, describe, expect, test } from "vitest";
import type { Simulator } from "../../src/simulator/index.ts";
import { BOT, openBroker, openSidecar, type SidecarBench } from "./sidecar-bench.ts";
import { exchange, parseAnswer, sendRaw } from "./wire-client.ts";

const BODY = '{"symbol":"TQQQ","qty":"1","side":"buy","type":"market","time_in_force":"day"}';
const LENGTH = `Content-Length: ${BODY.length}`;

let broker: Simulator;
let bench: SidecarBench;
beforeEach(async () => {
  broker = await openBroker();
  bench = await openSidecar(broker.url);
});

function writesAtTheBroker() {
  return broker.requests().filter(({ method }) => method !== "GET" && method !== "HEAD");
}

function expectNoOrder(): void {
  expect(writesAtTheBroker()).toEqual([]);
  expect(broker.orders()).toEqual([]);
}

describe("a spelling of POST /v2/orders that means it", () => {
  const SPELLINGS = [
    "/v2/orders",
    "/v2/orders/",
    "/v2/orders?",
    "/v2/orders?a=b",
    "//v2//orders",
    "///v2/orders///",
    "/v2/%6frders",
    "/v2/%6F%72%64%65%72%73/",
    "/%76%32/orders",
    "/v2/./orders",
    "/v2/x/../orders",
    "/v2/watchlists/../orders",
    "/v2/watchlists/%2e%2e/orders",
    "/v2/positions/x/exercise/../../../orders",
    "/healthz/../v2/orders",
    "/../v2/orders",
  ];
  for (const spelling of SPELLINGS) {
    test(`is guarded: ${spelling}`, async () => {
      const answer = await exchange(bench.port, "POST", spelling, BOT, BODY);
      expect(answer.status).toBe(200);
      expect(bench.guarded).toMatchObject([{ method: "POST", path: "/v2/orders", body: BODY }]);
      expectNoOrder();
    });
  }
});

describe("a request that could mean POST /v2/orders to somebody", () => {
  const TARGETS = [
    "http://127.0.0.1/v2/orders",
    "http://paper-api.alpaca.markets/v2/orders",
    "%2Fv2%2Forders",
    "v2/orders",
    "*",
    "/v2%2Forders",
    "/v2/watchlists%2F..%2Forders",
    "/v2/watchlists/x%2F..%2F..%2Forders",
    "/v2/watchlists/..%2Forders",
    "/v2/watchlists/..%5Corders",
    "/v2/watchlists/..\\orders",
    "/v2\\orders",
    "\\v2\\orders",
    "/v2/watchlists/..;/orders",
    "/v2/watchlists;/../orders;x",
    "/v2/orders;jsessionid=1",
    "/v2/orders%3b",
    "/v2/orders%00",
    "/v2/orders%20",
    "/v2/orders%0a",
    "/v2/orders%0d%0aX:%20y",
    "/v2/orders#",
    "/v2/orders#x",
    "/v2/%256frders",
    "/v2/%2570/orders",
    "/v2/watchlists/%252e%252e/orders",
    "/v2%c0%aforders",
    "/v2/ord%e2%80%8bers",
    "/v2/o\u0440ders",
    "/V2/orders",
    "/v2/Orders",
    "/V2/ORDERS",
    "/v2/orders.json",
    "/v2/orders:by_client_order_id",
    "/v2/orders/904837e3-3b76-47ec-b432-046db621571b",
    "/v2/orders/orders",
    "/v2.0/orders",
    "/v2beta1/orders",
    "/v1/orders",
    "/v3/orders",
    "/v2/orders/%",
    "/v2/%6",
    "/:4520/v2/orders",
    "//evil.example/v2/orders",
    "/@evil.example/v2/orders",
  ];
  for (const target of TARGETS) {
    test(`is refused: ${JSON.stringify(target)}`, async () => {
      const answer = await exchange(bench.port, "POST", target, BOT, BODY);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(bench.guarded).toEqual([]);
      expect(broker.requests()).toEqual([]);
    });
  }

  const METHODS = ["PUT", "PATCH", "PROPFIND", "SEARCH", "LINK", "OPTIONS", "TRACE", "REPORT"];
  for (const method of METHODS) {
    test(`is refused with the method ${method}`, async () => {
      const answer = await exchange(bench.port, method, "/v2/orders", BOT);
      expect(answer.status).toBe(403);
      expect(broker.requests()).toEqual([]);
    });
  }

  for (const method of ["post", "Post", "POST\tx", "FOO", "CONNECT"]) {
    test(`is refused or cut off with the method ${JSON.stringify(method)}`, async () => {
      const request = `${method} /v2/orders HTTP/1.1\r\nHost: 127.0.0.1:${bench.port}\r\n`;
      const text = `${request}${BOT.join("\r\n")}\r\nConnection: close\r\n\r\n`;
      const bytes = await sendRaw(bench.port, text);
      if (bytes.length > 0) expect(parseAnswer(bytes, method).status).toBe(400);
      expect(bench.guarded).toEqual([]);
      expect(broker.requests()).toEqual([]);
    });
  }
});

describe("a read or cancel that asks to be taken for another method", () => {
  for (const header of ["X-HTTP-Method-Override", "x-http-method", "X-Method-Override"]) {
    for (const [method, target] of [
      ["GET", "/v2/orders"],
      ["DELETE", "/v2/orders"],
      ["POST", "/v2/orders"],
    ] as const) {
      test(`is refused: ${method} with ${header}`, async () => {
        const lines = [...BOT, `${header}: POST`];
        const answer = await exchange(bench.port, method, target, lines, BODY);
        expect(answer.status).toBe(403);
        expect(broker.requests()).toEqual([]);
        expect(bench.guarded).toEqual([]);
      });
    }
  }
});

describe("a request within a request", () => {
  const KEYS = BOT.join("\r\n");
  const host = () => `Host: 127.0.0.1:${bench.port}`;
  /** What a second server could take for a request of its own. */
  const inner = () =>
    `POST /v2/orders HTTP/1.1\r\n${host()}\r\n${KEYS}\r\n${LENGTH}\r\n\r\n${BODY}`;

  const FRAMINGS: readonly (readonly [string, (size: number) => string])[] = [
    ["both a length and chunks", (size) => `Content-Length: ${size}\r\nTransfer-Encoding: chunked`],
    ["chunks and a length", (size) => `Transfer-Encoding: chunked\r\nContent-Length: ${size}`],
    ["two lengths", (size) => `Content-Length: ${size}\r\nContent-Length: 5`],
    ["a list of lengths", (size) => `Content-Length: 5, ${size}`],
    ["a signed length", (size) => `Content-Length: +${size}`],
    ["a length in hexadecimal", () => "Content-Length: 0x10"],
    ["an unknown coding", () => "Transfer-Encoding: xchunked"],
    ["chunks that are not last", () => "Transfer-Encoding: chunked, identity"],
    ["a coding with a tab", () => "Transfer-Encoding:\tchunked\r\nContent-Length: 3"],
    ["a space before the colon", () => "Transfer-Encoding : chunked"],
    ["a folded header", () => "X-A: b\r\n Transfer-Encoding: chunked"],
    ["a bare line feed", () => "X-A: b\nTransfer-Encoding: chunked"],
  ];
  for (const [what, framing] of FRAMINGS) {
    for (const target of ["/v2/watchlists", "/v2/positions/x/exercise"]) {
      test(`never reaches the broker as an order: ${what}, POST ${target}`, async () => {
        const body = `0\r\n\r\n${inner()}`;
        const head = `POST ${target} HTTP/1.1\r\n${host()}\r\n${KEYS}\r\n`;
        const text = `${head}${framing(body.length)}\r\nConnection: close\r\n\r\n${body}`;
        await sendRaw(bench.port, text);
        const seen = writesAtTheBroker().map(({ path }) => path);
        expect(seen.filter((path) => path !== target)).toEqual([]);
        expect(broker.orders()).toEqual([]);
      });
    }
  }

  test("behind a read is a body for the broker, and not a second request", async () => {
    const body = inner();
    const answer = await exchange(bench.port, "GET", "/v2/account", BOT, body);
    expect(answer.status).toBe(200);
    const again = await exchange(bench.port, "GET", "/v2/clock", BOT);
    expect(again.status).toBe(200);
    expectNoOrder();
    expect(broker.requests().map(({ path }) => path)).toEqual(["/v2/account", "/v2/clock"]);
  });

  test("in a row on one connection meets the guard by itself", async () => {
    const first = `GET /v2/account HTTP/1.1\r\n${host()}\r\n${KEYS}\r\n\r\n`;
    const last = `GET /v2/clock HTTP/1.1\r\n${host()}\r\n${KEYS}\r\nConnection: close\r\n\r\n`;
    await sendRaw(bench.port, `${first}${inner()}${last}`);
    expect(bench.guarded).toMatchObject([{ path: "/v2/orders", body: BODY }]);
    expectNoOrder();
  });
});
