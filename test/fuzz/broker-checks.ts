/**
 * What a hostile request may have done at the broker: an order that it asked for, once, or a write
 * that passes by being listed, and otherwise nothing.
 */
import { ROUTE_ROWS } from "../../src/sidecar/route-policy.ts";
import type { LoggedRequest, WireOrder } from "../../src/simulator/index.ts";
import { errorIn, type Place } from "./answer-checks.ts";
import { isLatchsOwn } from "./broker-calls.ts";
import { type HostileRequest, OPERATOR_GROUP } from "./hostile-request.ts";
import { bodyBytes } from "./request-bytes.ts";
import type { WireAnswer } from "./wire-answers.ts";

/** Refusals before anything was sent; nothing at all, or no order, reaches the broker. */
const TURNED_AWAY = new Set([
  ...[
    "path_refused",
    "unauthorized",
    "route_refused",
    "key_required",
    "host_refused",
    "origin_refused",
  ],
  ...["override_refused", "request_malformed", "headers_too_large", "order_malformed"],
]);
/** What a person does about a position sends a close of it. */
const FLATTEN = /^\/latch\/v1\/incidents\/[^/]+\/flatten$/;
const MAY_HAVE_SENT = new Set(["refused_by_broker", "outcome_unknown"]);

export interface Done {
  readonly request: HostileRequest;
  readonly place: Place;
  readonly answer: WireAnswer | undefined;
  readonly arrived: readonly LoggedRequest[];
}

export function faultsAtBroker({ request, place, answer, arrived }: Done): readonly string[] {
  const faults: string[] = [];
  const writes = arrived.filter(({ method }) => method !== "GET" && method !== "HEAD");
  const orders = writes.filter(isOrder);
  const error = answer === undefined ? null : errorIn(answer);
  const isStranger = request.key.group === undefined;
  const others = arrived.filter((one) => writes.includes(one) || !isLatchsOwn(one));
  if ((isStranger || TURNED_AWAY.has(error ?? "")) && others.length > 0) {
    faults.push(`the broker heard of a request that was turned away: ${shown(others)}`);
  }
  const unlisted = writes.filter((write) => !isListed(write));
  if (unlisted.length > 0) faults.push(`an unlisted write reached the broker: ${shown(unlisted)}`);
  const isRefusal = answer !== undefined && answer.status >= 400;
  if (isRefusal && orders.length > 0 && !MAY_HAVE_SENT.has(error ?? "")) {
    const isBrokers = orders.every(({ answered }) => isRefused(answered));
    if (!isBrokers) faults.push(`${answer.status} ${error}, and yet it sent ${shown(orders)}`);
  }
  const most = place.path === "/v2/positions" ? Number.POSITIVE_INFINITY : 1;
  // A 429 is no order: the same one is sent again after the pause.
  const processed = orders.filter(({ fault }) => fault !== "rate_limited");
  if (processed.length > most) faults.push(`${orders.length} orders of one request`);
  if (request.key.group === OPERATOR_GROUP && orders.length > 0 && !FLATTEN.test(place.path)) {
    faults.push(`the operator key opened an order path: ${shown(orders)}`);
  }
  const foreign = orders.filter((order) => !isAskedFor(request, place, bodyOf(order)));
  if (foreign.length > 0) faults.push(`an order that nobody asked for: ${shown(foreign)}`);
  return faults;
}

/** Names under which two orders would be a duplicate: the caller's own, within its group. */
export function identityOf(request: HostileRequest): string | undefined {
  const { group } = request.key;
  const keys = request.headers.flatMap(
    (line) => /^Idempotency-Key: ("?)([\w-]+)\1$/.exec(line) ?? [],
  );
  const [name] = keys.length === 3 ? [keys[2]] : [];
  return group === undefined || name === undefined ? undefined : `${group} ${name}`;
}

/** Orders of one claim or one client_order_id that the broker took twice. */
export function duplicatesIn(orders: readonly WireOrder[]): readonly string[] {
  const ids = orders.map((order) => String(order.client_order_id));
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

export function isOrder({ method, path }: LoggedRequest): boolean {
  return method === "POST" && path === "/v2/orders";
}

function isRefused(answered: LoggedRequest["answered"]): boolean {
  return typeof answered === "object" && answered.status >= 400;
}

/** A pair of currencies is one segment, which the simulator shows with its slash. */
const SEGMENT = "(?:[A-Za-z0-9]+/[A-Za-z0-9]+|[^/]+)";

const LISTED = ROUTE_ROWS.map(({ method, path }) => {
  const source = path.replace(":", "(?::|%3[Aa])").replace(/\{[a-z_]+\}/g, SEGMENT);
  return { method, pattern: new RegExp(`^${source}$`) };
});

function isListed({ method, path }: LoggedRequest): boolean {
  return LISTED.some((row) => row.method === method && row.pattern.test(path));
}

type Terms = Readonly<Record<string, unknown>>;

function bodyOf({ body }: LoggedRequest): Terms {
  return typeof body === "object" && body !== null ? (body as Terms) : {};
}

/** By the request's own bytes: what a plain reader of JSON finds in them. */
function isAskedFor(request: HostileRequest, { path }: Place, sent: Terms): boolean {
  if (FLATTEN.test(path)) return String(sent.position_intent).endsWith("_to_close");
  if (request.method === "DELETE") return path.startsWith("/v2/positions");
  const asked = readTerms(request);
  if (asked === undefined) return false;
  const terms = path === "/latch/v1/orders" ? asked.intent : asked;
  if (typeof terms !== "object" || terms === null) return false;
  const { symbol, side, portion, order_class, ...amounts } = terms as Terms;
  if (portion !== undefined || order_class === "mleg") return true;
  const quantity = amounts.qty ?? amounts.quantity;
  return (
    sent.symbol === symbol &&
    sent.side === side &&
    isSameAmount(sent.qty, quantity) &&
    isSameAmount(sent.notional, amounts.notional)
  );
}

function readTerms(request: HostileRequest): Terms | undefined {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bodyBytes(request)));
  } catch {
    return undefined;
  }
}

function isSameAmount(sent: unknown, asked: unknown): boolean {
  if (sent === undefined) return asked === undefined || asked === null || asked === "";
  return Math.abs(Number(sent) - Number(asked)) <= Math.abs(Number(asked)) * 1e-12;
}

function shown(requests: readonly LoggedRequest[]): string {
  return JSON.stringify(requests.map(({ method, path, body }) => ({ method, path, body }))).slice(
    0,
    500,
  );
}
