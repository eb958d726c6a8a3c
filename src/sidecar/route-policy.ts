/**
 * Which requests pass to the broker, which are guarded, which are ours and which are refused.
 *
 * 1. Writes pass by being listed; whatever is not in the table is refused. A new endpoint of
 *    Alpaca's is therefore closed until somebody has thought about it.
 * 2. Reads pass everywhere in the broker's space: no GET of Alpaca's places an order.
 * 3. Paths are normalized before they come here (request-path.ts) and compared with their case.
 */

export type RoutePolicy = "read" | "passed_write" | "guarded" | "stream" | "own" | "refused";

export interface RouteRow {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly policy: "guarded" | "passed_write";
  /** The write ends orders and opens nothing; it is recorded. */
  readonly cancels?: true;
  /** What it does cannot be taken back: no answer to it is one on which a client sends it again. */
  readonly once?: true;
  /** The broker answers a repeat under an `Idempotency-Key` with the first: it passes under one. */
  readonly keyed?: true;
}

/** Every write that is let in, and how. */
export const ROUTE_ROWS: readonly RouteRow[] = [
  { method: "POST", path: "/v2/orders", policy: "guarded" },
  { method: "PATCH", path: "/v2/orders/{order_id}", policy: "guarded" },
  { method: "DELETE", path: "/v2/positions", policy: "guarded" },
  { method: "DELETE", path: "/v2/positions/{symbol_or_asset_id}", policy: "guarded" },
  { method: "DELETE", path: "/v2/orders", policy: "passed_write", cancels: true },
  { method: "DELETE", path: "/v2/orders/{order_id}", policy: "passed_write", cancels: true },
  {
    ...{ method: "POST", path: "/v2/positions/{contract}/exercise" },
    ...{ policy: "passed_write", once: true },
  },
  { method: "POST", path: "/v2/positions/{contract}/do-not-exercise", policy: "passed_write" },
  { method: "POST", path: "/v1/locates", policy: "passed_write", keyed: true },
  { method: "POST", path: "/v2/tokenization/mint", policy: "passed_write", keyed: true },
  { method: "PATCH", path: "/v2/account/configurations", policy: "passed_write" },
  { method: "POST", path: "/v2/watchlists", policy: "passed_write" },
  { method: "POST", path: "/v2/watchlists/{watchlist_id}", policy: "passed_write" },
  { method: "PUT", path: "/v2/watchlists/{watchlist_id}", policy: "passed_write" },
  { method: "DELETE", path: "/v2/watchlists/{watchlist_id}", policy: "passed_write" },
  { method: "DELETE", path: "/v2/watchlists/{watchlist_id}/{symbol}", policy: "passed_write" },
  { method: "POST", path: "/v2/watchlists:by_name", policy: "passed_write" },
  { method: "PUT", path: "/v2/watchlists:by_name", policy: "passed_write" },
  { method: "DELETE", path: "/v2/watchlists:by_name", policy: "passed_write" },
];

/** `/v2/...`, `/v3/...`, `/v1beta3/...`: Alpaca's versions. */
const BROKER_SPACE = /^\/v\d+(?:beta\d+)?(?:\/|$)/;
/** Near misses of a version are refused, so that no surface of ours ever grows there. */
const VERSION_LIKE = /^\/v\d/i;
const STREAM_PATH = "/stream";

const COMPILED = ROUTE_ROWS.map((row) => ({ row, pattern: patternOf(row.path) }));

/** The operator page and what it is made of: no data is in it. */
export const PAGE_PATH = "/";
export const PAGE_FILES = "/page/";
const INCIDENTS_PATH = "/latch/v1/incidents/";

/** Pages that need no key. */
export function isOpenPath(method: string, path: string): boolean {
  if (path === "/healthz") return true;
  return method === "GET" && (path === PAGE_PATH || path.startsWith(PAGE_FILES));
}

/** What a person may ask for with the operator key alone. */
export function isForPeople(method: string, path: string): boolean {
  if (policyOf(method, path) !== "own") return false;
  return method === "GET" || (method === "POST" && path.startsWith(INCIDENTS_PATH));
}

/** What clients of other guards ask for; on loopback they know no key. */
const GUARD_PATH = /^\/(?:claim|settle(?:\/[^/]+)?|release(?:\/[^/]+)?)$/;
const GUARD_PAGE = /^\/(?:audit|claims(?:\/[^/]+)?)$/;

/** Whether the request is one that guard clients make. */
export function isGuardRequest(method: string, path: string): boolean {
  if (method === "POST") return GUARD_PATH.test(path);
  return method === "GET" && GUARD_PAGE.test(path);
}

/** Orders in the library's own words; a page of ours, judged like an order. */
export const NATIVE_ORDERS_PATH = "/latch/v1/orders";

/** How the broker names its orders and assets, in letters of either size. */
export const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * The order that a path such as `/v2/orders/{order_id}` names, a UUID as the broker writes it: some
 * languages have it in capitals. Undefined where the path names none.
 */
export function orderIdIn(path: string): string | undefined {
  const [, escaped] = /^\/v2\/orders\/([^/]+)$/.exec(path) ?? [];
  const id = escaped === undefined ? undefined : decodeURIComponent(escaped);
  return id !== undefined && UUID.test(id) ? id.toLowerCase() : id;
}

/** `path` is normalized; `method` is in capitals, as HTTP has it. */
export function policyOf(method: string, path: string): RoutePolicy {
  if (path === STREAM_PATH) return method === "GET" ? "stream" : "refused";
  if (!BROKER_SPACE.test(path)) return VERSION_LIKE.test(path) ? "refused" : "own";
  if (method === "GET" || method === "HEAD") return "read";
  return rowOf(method, path)?.policy ?? "refused";
}

/** Whether the request cancels an order, or all of them. */
export function isCancel(method: string, path: string): boolean {
  return rowOf(method, path)?.cancels ?? false;
}

/** Whether the request must not be sent again by a client that has not looked what became of it. */
export function isOnce(method: string, path: string): boolean {
  return rowOf(method, path)?.once ?? false;
}

/** Whether the request passes under an `Idempotency-Key` alone. */
export function isKeyed(method: string, path: string): boolean {
  return rowOf(method, path)?.keyed ?? false;
}

/**
 * Whether the request would end one thing if its path had one more segment: without one it ends all
 * of them, or what they are in.
 */
export function isForAll(method: string, path: string): boolean {
  return method === "DELETE" && rowOf(method, `${path}/x`) !== undefined;
}

function rowOf(method: string, path: string): RouteRow | undefined {
  return COMPILED.find(({ row, pattern }) => row.method === method && pattern.test(path))?.row;
}

/** Some clients escape the colon of `:by_name`, and servers read both alike. */
function patternOf(template: string): RegExp {
  const source = template.replace(/\{[a-z_]+\}/g, "[^/]+").replace(":", "(?::|%3[Aa])");
  return new RegExp(`^${source}$`);
}
