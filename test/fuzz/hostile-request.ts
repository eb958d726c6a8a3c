/** Whole requests, from nearly good to no HTTP at all. */
import fc from "fast-check";
import { bodyFor } from "./hostile-body.ts";
import { targetFor } from "./hostile-target.ts";
import {
  AGENT_SECRETS,
  BAD_SECRET,
  BROKER_SECRET,
  misplacedSecret,
  OPERATOR_SECRET,
  oddText,
} from "./hostile-text.ts";
import { ROUTES, type Route } from "./server-routes.ts";

export const AGENTS = [
  { id: "bot-1", secret: AGENT_SECRETS[0], group: "momentum" },
  { id: "bot-2", secret: AGENT_SECRETS[1], group: "momentum" },
  { id: "bot-3", secret: AGENT_SECRETS[2], group: "reversal", clientIdIsIdentity: false },
] as const;
export const BROKER_KEY_ID = "the-brokers-key-id";
/** The group of the broker's own key. */
const BROKER_GROUP = "default";
/** Of a person, who acts on incidents and opens no order path. */
export const OPERATOR_GROUP = "operator";

export interface Key {
  readonly lines: readonly string[];
  /** Absent where nobody has this key. */
  readonly group?: string;
}

const FRAMINGS = [
  "length",
  "chunked",
  "trailers",
  "half_closed",
  "cut_short",
  "overlong",
  "both",
  "no_length",
  "odd_length",
  "pipelined",
  "http_1_0",
  "continue",
  "odd_expect",
  "h2c",
] as const;
export type Framing = (typeof FRAMINGS)[number];

export interface HostileRequest {
  /** What it was made from. */
  readonly route: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly key: Key;
  readonly headers: readonly string[];
  readonly body: string;
  readonly encoding: "utf8" | "latin1" | "utf16le";
  readonly framing: Framing;
}

function pair(id: string, secret: string): readonly string[] {
  return [`APCA-API-KEY-ID: ${id}`, `APCA-API-SECRET-KEY: ${secret}`];
}

function basic(id: string, secret: string): string {
  return `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

const OPERATOR_LINE = `TradeLatch-Operator-Key: ${OPERATOR_SECRET}`;
const OPERATORS_KEYS: readonly Key[] = [
  { lines: [OPERATOR_LINE], group: OPERATOR_GROUP },
  { lines: [...pair(AGENTS[0].id, AGENTS[0].secret), OPERATOR_LINE], group: AGENTS[0].group },
];
const GOOD_KEYS: readonly Key[] = [
  ...AGENTS.map(({ id, secret, group }) => ({ lines: pair(id, secret), group })),
  { lines: pair(BROKER_KEY_ID, BROKER_SECRET), group: BROKER_GROUP },
  { lines: [basic(AGENTS[0].id, AGENTS[0].secret)], group: AGENTS[0].group },
  { lines: [`Authorization: Bearer ${AGENTS[2].secret}`], group: AGENTS[2].group },
];
const BAD_KEYS: readonly Key[] = [
  { lines: [] },
  { lines: pair(AGENTS[0].id, BAD_SECRET) },
  { lines: pair(AGENTS[0].id, AGENTS[1].secret) },
  { lines: pair("", AGENTS[0].secret) },
  { lines: [...pair(AGENTS[0].id, AGENTS[0].secret), ...pair(AGENTS[0].id, AGENTS[0].secret)] },
  { lines: [`APCA-API-KEY-ID: ${AGENTS[0].id}`] },
  { lines: [`Authorization: Bearer ${BAD_SECRET}`] },
  { lines: [`Authorization: Bearer <LONG:9000>${BAD_SECRET}`] },
  { lines: [`Authorization: ${AGENTS[0].secret}`] },
  { lines: [basic("__proto__", BAD_SECRET)] },
  { lines: ["Authorization: Basic ====", `Cookie: session=${BAD_SECRET}`] },
  { lines: [...pair("x", BAD_SECRET), `Authorization: Bearer ${AGENTS[0].secret}`] },
  { lines: [`TradeLatch-Operator-Key: ${BAD_SECRET}`] },
  { lines: [OPERATOR_LINE, OPERATOR_LINE] },
  { lines: [`Authorization: Bearer ${OPERATOR_SECRET}`] },
];
const key = fc.oneof(
  { arbitrary: fc.constantFrom(...GOOD_KEYS), weight: 9 },
  { arbitrary: fc.constantFrom(...OPERATORS_KEYS), weight: 1 },
  { arbitrary: fc.constantFrom(...BAD_KEYS), weight: 1 },
);
const operatorsKey = fc.oneof(
  { arbitrary: fc.constantFrom(...OPERATORS_KEYS), weight: 4 },
  { arbitrary: key, weight: 1 },
);

const ODD_HOSTS = [
  "Host: evil.example",
  "Host: 127.0.0.1:PORT\r\nHost: evil.example",
  "X-No-Host: 1",
  "Host:",
  "Host: 127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT",
  "Host: localhost:PORT@evil",
  "Host: [::1",
];
const GOOD_HOSTS = ["Host: 127.0.0.1:PORT", "Host: localhost:PORT"];
const host = fc.oneof(
  { arbitrary: fc.constantFrom(...GOOD_HOSTS), weight: 30 },
  { arbitrary: fc.constantFrom(...ODD_HOSTS), weight: 1 },
);

const idempotencyKey = fc.oneof(
  fc.constantFrom("k-1", "k-2", '"k-3"', "k-1, k-2", '""', '"a b"', "é", "<LONG:256>", '"\\"'),
  misplacedSecret.map((secret) => `${secret} ${secret}`),
  oddText,
);
const header = fc.oneof(
  { arbitrary: idempotencyKey.map((text) => `Idempotency-Key: ${text}`), weight: 4 },
  {
    arbitrary: fc.constantFrom(
      "Idempotency-Key: k-1\r\nIdempotency-Key: k-2",
      "Origin: https://evil.example",
      "Origin: http://127.0.0.1:PORT",
      "Origin: null",
      "Sec-Fetch-Site: cross-site",
      "X-HTTP-Method-Override: DELETE",
      "Content-Type: text/plain",
      "Content-Type: application/x-www-form-urlencoded",
      "Content-Type: application/json; charset=utf-7",
      "Content-Type: multipart/form-data; boundary=x",
      "Content-Encoding: gzip",
      "Accept: application/json",
      "Accept: text/html;q=0.1",
      "Accept-Encoding: gzip, br",
      "Last-Event-ID: 1",
      "Last-Event-ID: 999999999999999",
      "Last-Event-ID: -1",
      "Last-Event-ID: 1\r\nLast-Event-ID: 2",
      "Connection: keep-alive, APCA-API-KEY-ID, X-Trace",
      "X-Trace: a",
      "X-Long: <LONG:6000>",
      "X-Long: <LONG:20000>",
      "X-Odd : a",
      "X-Folded: a\r\n b",
      "X-Control: a\u0001b",
      "X-High: \u00ff\u00fe",
      ": nameless",
      "no colon",
      "__proto__: x",
      "Range: bytes=0-1",
      "If-None-Match: *",
      "Forwarded: host=evil.example",
      "X-Forwarded-Host: evil.example",
      "Proxy-Authorization: Basic eDp5",
      "TE: trailers",
      "Trailer: X-Late",
      `Cookie: a=${BAD_SECRET}`,
    ),
    weight: 6,
  },
);

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
const ODD_METHODS = [...METHODS, "PROPFIND", "QUERY", "get", "FOO", ""];

/** What only a person may do. */
const ACTS = /^\/latch\/v1\/incidents\/\{id\}\/\w+$/;

function requestFor(route: Route): fc.Arbitrary<HostileRequest> {
  const { method, path, body } = route;
  return fc.record<HostileRequest>({
    route: fc.constant(`${method} ${path}`),
    method: fc.oneof(
      { arbitrary: fc.constant(method), weight: 40 },
      { arbitrary: fc.constantFrom(...ODD_METHODS), weight: 1 },
    ),
    target: targetFor(route),
    host,
    key: ACTS.test(path) ? operatorsKey : key,
    headers: fc.oneof(
      { arbitrary: fc.constant([]), weight: 3 },
      { arbitrary: fc.array(header, { minLength: 1, maxLength: 3 }), weight: 1 },
    ),
    body:
      body === undefined
        ? fc.oneof({ arbitrary: fc.constant(""), weight: 9 }, fc.constant('{"a":1}'))
        : bodyFor(body),
    encoding: fc.oneof(
      { arbitrary: fc.constant("utf8" as const), weight: 30 },
      fc.constantFrom("latin1" as const, "utf16le" as const),
    ),
    framing: fc.oneof(
      { arbitrary: fc.constant("length" as const), weight: 40 },
      { arbitrary: fc.constantFrom(...FRAMINGS), weight: 6 },
    ),
  });
}

const ORDERS = ROUTES.filter(({ method, path }) => method !== "GET" && path.endsWith("/orders"));

/** Any route; those that place orders come most often. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc.oneof(
  ...ROUTES.map((route) => ({ arbitrary: requestFor(route), weight: 1 })),
  ...ORDERS.map((route) => ({ arbitrary: requestFor(route), weight: 6 })),
);
