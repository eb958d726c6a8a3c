/**
 * One order by every odd way in which a client can put it on the wire, each sent twice on one
 * connection, through a whole sidecar: whatever the broker gets of it is one order, and the guard
 * knows it. What is not taken leaves nothing at the broker at all.
 */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { KEYS, ORDER, openOrderWorld } from "./orders-world.ts";
import { WireConnection } from "./wire-client.ts";

const BODY = JSON.stringify(ORDER);
const GZIPPED = gzipSync(BODY).toString("latin1");
const LENGTH = `Content-Length: ${BODY.length}`;
const CHUNKED = "Transfer-Encoding: chunked";

interface Odd {
  /** Default `POST /v2/orders HTTP/1.1`. */
  readonly first?: string;
  /** Beside the host and the keys; default the length of the body. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

const chunk = (text: string, extension = "") =>
  `${text.length.toString(16)}${extension}\r\n${text}\r\n`;
const END = "0\r\n\r\n";
const query = (text: string): Odd => ({ first: `POST /v2/orders?${text} HTTP/1.1` });

/** Each is taken as the order, once. */
const TAKEN: Readonly<Record<string, Odd>> = {
  "as everybody does": {},
  "over HTTP/1.0, kept alive": {
    first: "POST /v2/orders HTTP/1.0",
    lines: [LENGTH, "Connection: keep-alive"],
  },
  "in one chunk": { lines: [CHUNKED], body: chunk(BODY) + END },
  "in a chunk for each character": {
    lines: [CHUNKED],
    body: [...BODY].map((character) => chunk(character)).join("") + END,
  },
  "in chunks with extensions and a trailer": {
    lines: [CHUNKED, "Trailer: X-HTTP-Method-Override"],
    body: `${chunk(BODY, ";a=b;c")}0\r\nX-HTTP-Method-Override: DELETE\r\n\r\n`,
  },
  "after it asks whether it may go on": { lines: [LENGTH, "Expect: 100-continue"] },
  "with an expectation that nobody knows": { lines: [LENGTH, "Expect: 200-ok"] },
  "with a length that begins with zeros": { lines: [`Content-Length: 000${BODY.length}`] },
  "with two types": {
    lines: [LENGTH, "Content-Type: application/json", "Content-Type: text/plain"],
  },
  "with a list of things to accept, compressed": {
    lines: [LENGTH, "Accept-Encoding: gzip, br", "Accept: text/html", "TE: trailers"],
  },
  "with a path in another letter's escape": { first: "POST //v2/./%6Frders/ HTTP/1.1" },
  "with a query that looks like a path": query("x=/../../v2/watchlists&y=%2F..%2Fpositions"),
  "with a query that says another method": query("_method=DELETE&method=GET"),
  "with a query that says another order": query("qty=600&side=sell&client_order_id=x"),
  "with another path in a header": { lines: [LENGTH, "X-Original-URL: /v2/watchlists"] },
  "with a query of nothing but signs": query("&&=;?=&"),
  "with fields that come twice": {
    lines: [`Content-Length: ${BODY.length + 10}`],
    body: `${BODY.slice(0, -1)},"qty":"6"}`,
  },
  "with white space around it": {
    lines: [`Content-Length: ${BODY.length + 6}`],
    body: `\r\n\t ${BODY}\r\n`,
  },
};

/** None of them leaves anything at the broker. */
const NOT_TAKEN: Readonly<Record<string, Odd>> = {
  compressed: {
    lines: [`Content-Length: ${GZIPPED.length}`, "Content-Encoding: gzip"],
    body: GZIPPED,
  },
  "with a byte order mark in another encoding": {
    lines: [`Content-Length: ${2 * BODY.length + 2}`],
    body: `\xff\xfe${[...BODY].map((character) => `${character}\0`).join("")}`,
  },
  "to another method by a header": { lines: [LENGTH, "X-HTTP-Method-Override: PUT"] },
  "by PUT": { first: "PUT /v2/orders HTTP/1.1" },
  "by OPTIONS": { first: "OPTIONS /v2/orders HTTP/1.1" },
  "to a path in capitals": { first: "POST /V2/ORDERS HTTP/1.1" },
  "to a path that is nearly it": { first: "POST /v2/orders/new HTTP/1.1" },
  "as a form": {
    lines: ["Content-Type: application/x-www-form-urlencoded", "Content-Length: 17"],
    body: "symbol=TQQQ&qty=6",
  },
};

/** Other requests that carry an order, or ask to be taken for one. */
const CARRIERS: Readonly<Record<string, Odd>> = {
  "a read with an order in its body": { first: "GET /v2/orders HTTP/1.1" },
  "a HEAD with an order in its body": { first: "HEAD /v2/orders HTTP/1.1" },
  "a cancel of all with an order in its body": { first: "DELETE /v2/orders HTTP/1.1" },
  "a read that asks for another method in its query": {
    first: "GET /v2/orders?_method=POST HTTP/1.1",
  },
  ...Object.fromEntries(
    ["X-Original-URL", "X-Rewrite-URL"].flatMap((name) =>
      ["POST /v2/watchlists", "POST /v2/positions/TQQQ260619C00050000/do-not-exercise"].map(
        (first) => [
          `${first} that asks for another path by ${name}`,
          { first: `${first} HTTP/1.1`, lines: [LENGTH, `${name}: /v2/orders`] },
        ],
      ),
    ),
  ),
};

async function sentTwice({ first = "POST /v2/orders HTTP/1.1", lines = [LENGTH], body }: Odd) {
  const world = await openOrderWorld();
  const opened = await world.open();
  const { port } = opened.sidecar;
  const keys = Object.entries(KEYS).map(([name, value]) => `${name}: ${value}`);
  const head = (...more: readonly string[]) =>
    [first, `Host: 127.0.0.1:${port}`, ...keys, ...lines, ...more, "", ""].join("\r\n");
  const connection = new WireConnection(port);
  const text = body ?? BODY;
  connection.write(head() + text);
  // Behind the first, before it has its answer.
  connection.write(head() + text);
  const last = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
  connection.write(last);
  const answer = await world.drive(connection.untilClosed());
  return { world, opened, answer };
}

test.each(Object.entries(TAKEN))("an order %s is one order", async (_, odd) => {
  const { world, opened, answer } = await sentTwice(odd);
  // Both of the order and the one behind them.
  expect(answer.match(/HTTP\/1\.1 (?!100)\d+ /g)).toEqual(Array(3).fill("HTTP/1.1 200 "));
  const [claim, another] = (await opened.started.latch.claims()).claims;
  expect(another).toBeUndefined();
  expect(world.simulator.orders()).toMatchObject([
    { client_order_id: claim?.clientOrderId, symbol: "TQQQ", side: "buy", qty: "6" },
  ]);
  const { method, path } = world.posts()[0] ?? {};
  expect(world.posts()).toHaveLength(1);
  expect({ method, path }).toEqual({ method: "POST", path: "/v2/orders" });
});

test.each(Object.entries(NOT_TAKEN))("an order %s is none", async (_, odd) => {
  const { world, opened, answer } = await sentTwice(odd);
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(world.simulator.requests().filter(({ method }) => method !== "GET")).toEqual([]);
  expect((await opened.started.latch.claims()).claims).toEqual([]);
});

test.each(Object.entries(CARRIERS))("%s places none", async (_, odd) => {
  const { world, opened } = await sentTwice(odd);
  expect(world.posts()).toEqual([]);
  expect(world.simulator.orders()).toEqual([]);
  expect((await opened.started.latch.claims()).claims).toEqual([]);
});
