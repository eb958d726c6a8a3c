/** Requests that once broke something. Each is sent first, in every run. */
import { AGENTS, type HostileRequest } from "./hostile-request.ts";
import { AGENT_SECRETS } from "./hostile-text.ts";

const SECRET = AGENT_SECRETS[1];
const [{ id, secret, group }] = AGENTS;
const USUAL = {
  host: "Host: 127.0.0.1:PORT",
  key: { lines: [`APCA-API-KEY-ID: ${id}`, `APCA-API-SECRET-KEY: ${secret}`], group },
  headers: [],
  body: "",
  encoding: "utf8",
  framing: "length",
} as const;

function request(route: string, target: string, changes: Partial<HostileRequest> = {}) {
  const [method = ""] = route.split(" ");
  return { ...USUAL, route, method, target, ...changes } satisfies HostileRequest;
}

function order(body: string, changes: Partial<HostileRequest> = {}): HostileRequest {
  return request("POST /v2/orders", "/v2/orders", { body, ...changes });
}

const BUY = '"symbol":"TQQQ","side":"buy","qty":"2","type":"market","time_in_force":"day"';
const LEG = '"symbol":"SPY260619C00500000","side":"buy","ratio_qty":{"toString":1}';
const CLAIM = "GET /latch/v1/claims/{requestId}";

export const KEPT_REQUESTS: readonly HostileRequest[] = [
  // Told as an unknown outcome, to be asked for again for ever.
  order(`{${BUY},"position_intent":{"toString":1}}`),
  order(`{${BUY},"note":"\\ud800"}`),
  order(`{"order_class":"mleg","qty":"1","type":"market","legs":[{${LEG}},{${LEG}}]}`),
  request("PATCH /v2/orders/{order_id}", "/v2/orders/{order}", {
    body: '{"qty":{"toString":null,"valueOf":null}}',
  }),
  // A 500 to an order.
  request("POST /latch/v1/orders", "/latch/v1/orders", {
    body: `{"intent":{${BUY.replace('"buy"', "<DEEP:60000>")}}}`,
  }),
  // Secrets in answers, and in the log.
  order(`{${BUY.replace("TQQQ", SECRET)}}`),
  order(`{${BUY}}`, { headers: [`Idempotency-Key: ${SECRET} ${SECRET}`] }),
  request("DELETE /v2/positions/{symbol_or_asset_id}", `/v2/positions/${SECRET}`),
  request("DELETE /v2/orders/{order_id}", `/v2/orders/${SECRET}`),
  request("DELETE /v2/orders/{order_id}", "/v2/orders/<LONG:9000>"),
  // Refusals without a body, or without a cause.
  order(`{${BUY}}`, { host: "X-No-Host: 1" }),
  order(`{${BUY}}`, { framing: "odd_expect" }),
  order(`{${BUY}}`, { framing: "h2c" }),
  request(CLAIM, "/latch/v1/claims/<LONG:1100>"),
  request(CLAIM, "/latch/v1/claims/<LONG:1100>", { key: { lines: [] } }),
];
