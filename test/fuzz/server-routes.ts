/**
 * Every route that the sidecar has, with a request that it takes. The server says itself which
 * routes there are: its OpenAPI document, and the table of writes. A test fails where one of them
 * is not here.
 */
import { PAGE_FILES, PAGE_PATH, ROUTE_ROWS } from "../../src/sidecar/route-policy.ts";

export interface Field {
  readonly name: string;
  /** As JSON. */
  readonly value: string;
}

/** What a route takes. */
export interface Sample {
  /** Fields of a JSON body; absent where the route takes none. */
  readonly body?: readonly (readonly Field[])[];
  /** Queries, without the question mark. */
  readonly queries?: readonly string[];
  /** Values for the path's parameters, by their name. */
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
}

export interface Route extends Sample {
  readonly method: string;
  /** `{name}` stands for one segment. */
  readonly path: string;
}

function fields(values: Readonly<Record<string, unknown>>): readonly Field[] {
  return Object.entries(values).map(([name, value]) => ({ name, value: JSON.stringify(value) }));
}

const DAY = { type: "market", time_in_force: "day" };
const LIMIT = { type: "limit", time_in_force: "gtc", limit_price: "1.5" };
const ORDERS = [
  fields({ symbol: "TQQQ", side: "buy", qty: "6", ...DAY }),
  fields({ symbol: "TQQQ", side: "buy", qty: 2, ...DAY, client_order_id: "bot-1" }),
  fields({ symbol: "TQQQ", side: "sell", qty: "1", ...DAY }),
  fields({ symbol: "SPY", side: "buy", notional: "100.50", ...DAY }),
  fields({ symbol: "SPY", side: "buy", qty: "3", ...LIMIT, client_order_id: "bot-2" }),
  fields({ symbol: "SPY", side: "buy", qty: "1", ...DAY, position_intent: "buy_to_open" }),
  fields({
    ...{ symbol: "TQQQ", side: "buy", qty: "2", ...DAY, order_class: "bracket" },
    ...{ take_profit: { limit_price: "90" }, stop_loss: { stop_price: "60" } },
  }),
  fields({
    ...{ qty: "1", type: "limit", time_in_force: "day", limit_price: "-1", order_class: "mleg" },
    legs: [
      { symbol: "SPY260619C00500000", ratio_qty: "1", side: "buy" },
      { symbol: "SPY260619C00510000", ratio_qty: "1", side: "sell" },
    ],
  }),
];

const OPEN = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "2" };
const INTENTS = [
  fields({ intent: OPEN, waitMs: 1_000 }),
  fields({ intent: { ...OPEN, requestId: "native-1" } }),
  fields({ intent: { ...OPEN, anchor: { bar: "2026-05-21T09:42", stage: "base" } } }),
  fields({ intent: { ...OPEN, side: "sell", effect: "close", quantity: "1" } }),
  fields({ intent: { symbol: "TQQQ", portion: "10%" } }),
];

const ACTION = { request_id: "action-1", action: "payment.send" };
const DERIVED = { agent_id: "worker-1", action_type: "mail.send", scope: "eu" };
const ACTION_IDS = { request_id: ["action-1", "action-9"] };
const SETTLED = [
  fields({ result: { id: "p-1", amount: 0.5 } }),
  fields({ request_id: "action-1", outcome: "rejected" }),
  fields({ request_id: "action-9", result: null, outcome: "unknown" }),
];
const RELEASED = [fields({ request_id: "action-1", evidence: "the provider has none" })];

const ORDER_IDS = ["00000000-0000-4000-8000-000000000000", "{order}", "{order}"];
const LIST = { name: "tech", symbols: ["TQQQ"] };
const WATCHLIST = "11111111-0000-4000-8000-000000000000";
const BY_NAME: Sample = { queries: ["name=tech"], body: [fields(LIST)] };

/** By method and path, as the document and the table write them. */
export const SAMPLES: Readonly<Record<string, Sample>> = {
  "GET /healthz": {},
  "GET /readyz": {},
  "GET /metrics": {},
  "GET /openapi.json": {},
  "GET /stream": {},
  "GET /": { queries: ["", "key=x"] },
  "GET /page/{name}": { parameters: { name: ["page.js", "..%2Fserver.js", "%2e%2e"] } },
  "GET /audit": {
    queries: ["", "limit=5&offset=2", "status=COMMITTED&agent_id=momentum", "from_ts=1&to_ts=9"],
  },
  "POST /claim": {
    body: [
      fields({ ...ACTION, payload: { amount: "50", to: { iban: "A" } } }),
      fields({ ...ACTION, agent_id: "worker-2", scope: "us" }),
      fields(DERIVED),
      fields({ ...DERIVED, timestamp: "2026-06-08T20:00:00.000Z" }),
    ],
  },
  "POST /settle": { body: SETTLED },
  "POST /settle/{request_id}": { parameters: ACTION_IDS, body: SETTLED },
  "POST /release": { body: RELEASED },
  "POST /release/{request_id}": { parameters: ACTION_IDS, body: RELEASED },
  "GET /claims": { queries: ["request_id=action-1", "request_id=a%2Fb&wait_ms=0"] },
  "GET /claims/{request_id}": { parameters: ACTION_IDS, queries: ["", "wait_ms=0"] },
  "GET /latch/v1/audit": {
    queries: ["", "limit=5", "status=SKIP&status=OPEN", "symbol=TQQQ&action=buy_to_open&before=9"],
  },
  "GET /latch/v1/audit/key": {},
  "GET /latch/v1/config": {},
  "GET /latch/v1/books": {},
  "GET /latch/v1/books/{symbol}": { parameters: { symbol: ["TQQQ", "SPY", "BTC%2FUSD"] } },
  "GET /latch/v1/claims": {
    queries: [
      ...["", "limit=5", "status=SETTLED&status=OPEN", "symbol=TQQQ&agent=momentum"],
      "text=buy%20tqqq&limit=2",
    ],
  },
  "GET /latch/v1/claims/{requestId}": { parameters: { requestId: ["bot-1", "native-1"] } },
  "GET /latch/v1/claims/{requestId}/life": {
    parameters: { requestId: ["bot-1", "native-1"] },
    queries: ["agent=momentum"],
  },
  "GET /latch/v1/status": {},
  "GET /latch/v1/session": { queries: ["", "date=2026-05-21"] },
  "GET /latch/v1/positions": {},
  "GET /latch/v1/entry-check": { queries: ["symbol=TQQQ"] },
  "GET /latch/v1/events": { queries: ["limit=5", "after=1", ""] },
  "GET /latch/v1/incidents": { queries: ["", "status=open", "limit=1&before=9"] },
  "GET /latch/v1/incidents/{id}": { parameters: { id: ["1", "99"] } },
  "POST /latch/v1/incidents/{id}/resolve": {
    parameters: { id: ["1", "99"] },
    body: [fields({ version: 1, reason: "seen" }), fields({ version: 2, reason: "x", by: "me" })],
  },
  "POST /latch/v1/incidents/{id}/adopt": {
    parameters: { id: ["1", "99"] },
    body: [fields({ version: 1, reason: "seen", brokerQuantity: "6", bookQuantity: "0" })],
  },
  "POST /latch/v1/incidents/{id}/flatten": {
    parameters: { id: ["1", "99"] },
    body: [fields({ version: 1, reason: "seen", brokerQuantity: "6", bookQuantity: "0" })],
  },
  "POST /latch/v1/orders": { body: INTENTS },
  "POST /v2/orders": { body: ORDERS },
  "PATCH /v2/orders/{order_id}": {
    parameters: { order_id: ORDER_IDS },
    body: [fields({ qty: "2" }), fields({ limit_price: "2", client_order_id: "bot-3" })],
  },
  "DELETE /v2/positions": { queries: ["", "cancel_orders=true"] },
  "DELETE /v2/positions/{symbol_or_asset_id}": {
    parameters: { symbol_or_asset_id: ["TQQQ", "SPY"] },
    queries: ["", "qty=1", "percentage=10"],
  },
  "DELETE /v2/orders": {},
  "DELETE /v2/orders/{order_id}": { parameters: { order_id: ORDER_IDS } },
  "POST /v2/positions/{contract}/exercise": { parameters: { contract: ["SPY260619C00500000"] } },
  "POST /v2/positions/{contract}/do-not-exercise": {
    parameters: { contract: ["SPY260619C00500000"] },
  },
  "POST /v1/locates": { body: [fields({ symbol: "GME", qty: 100 })] },
  "POST /v2/tokenization/mint": { body: [fields({ underlying_symbol: "SPY", qty: "1" })] },
  "PATCH /v2/account/configurations": { body: [fields({ no_shorting: true })] },
  "POST /v2/watchlists": { body: [fields(LIST)] },
  "POST /v2/watchlists/{watchlist_id}": {
    parameters: { watchlist_id: [WATCHLIST] },
    body: [fields({ symbol: "SPY" })],
  },
  "PUT /v2/watchlists/{watchlist_id}": {
    parameters: { watchlist_id: [WATCHLIST] },
    body: [fields(LIST)],
  },
  "DELETE /v2/watchlists/{watchlist_id}": { parameters: { watchlist_id: [WATCHLIST] } },
  "DELETE /v2/watchlists/{watchlist_id}/{symbol}": {
    parameters: { watchlist_id: [WATCHLIST], symbol: ["SPY"] },
  },
  "POST /v2/watchlists:by_name": BY_NAME,
  "PUT /v2/watchlists:by_name": BY_NAME,
  "DELETE /v2/watchlists:by_name": { queries: ["name=tech"] },
  "GET /v2/account": {},
  "GET /v2/clock": {},
  "GET /v2/orders": { queries: ["", "status=all&limit=5&nested=true"] },
  "GET /v2/orders/{order_id}": { parameters: { order_id: ORDER_IDS } },
  "GET /v2/positions": {},
  "GET /v2/assets/{symbol}": { parameters: { symbol: ["TQQQ", "BTC%2FUSD"] } },
  "HEAD /v2/account": {},
};

/** Reads pass everywhere under the versions, so any one of them stands for all. */
const PASSED_READS = /^(?:GET|HEAD) \/v2\//;

export const ROUTES: readonly Route[] = Object.entries(SAMPLES).map(([name, sample]) => {
  const [method = "", path = ""] = name.split(" ");
  return { method, path, ...sample };
});

/** The names of all routes that `document` (the server's own) and the table of writes have. */
export function routesOfServer(document: {
  readonly paths: Readonly<Record<string, object>>;
}): readonly string[] {
  const own = Object.entries(document.paths).flatMap(([path, page]) =>
    Object.keys(page).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const writes = ROUTE_ROWS.map(({ method, path }) => `${method} ${path}`);
  const page = [`GET ${PAGE_PATH}`, `GET ${PAGE_FILES}{name}`];
  return [...own, ...writes, ...page, "GET /stream"].sort();
}

export function ownSamples(): readonly string[] {
  return Object.keys(SAMPLES)
    .filter((name) => !PASSED_READS.test(name))
    .sort();
}
