/**
 * What a request for stock data asks for, read from its query as Alpaca reads it, and the token
 * that leads to the next page. A parameter that does not fit is refused by name, with 400.
 */
import { Buffer } from "node:buffer";
import type { EpochMs } from "../core/clock.ts";
import type { ApiCall } from "./api-route.ts";
import { parseTimeframe, type Timeframe } from "./bar-timeframe.ts";
import { atWallTime, wallTime } from "./new-york-time.ts";
import type { Refusal } from "./refusal.ts";
import type { DataPlan } from "./simulator-options.ts";
import { epochMs, parseTimestamp } from "./timestamp.ts";

/** Where a page begins: behind this bar. */
export interface PagePlace {
  readonly symbol: string;
  readonly startAt: EpochMs;
}

export interface BarsQuery {
  readonly symbols: readonly string[];
  readonly timeframe: Timeframe;
  readonly from: EpochMs;
  /** Included. */
  readonly to: EpochMs;
  readonly limit: number;
  readonly isDescending: boolean;
  readonly after: PagePlace | undefined;
}

export type Read<Value> =
  | { readonly kind: "read"; readonly value: Value }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const DEFAULT_LIMIT = 1_000;
const MAXIMUM_LIMIT = 10_000;
const FEEDS = ["iex", "sip", "delayed_sip", "boats", "overnight", "otc"];
/** A basic plan sees the consolidated feed only when it is so old. */
const SIP_DELAY_MS = 15 * 60_000;

/** The symbols of `/v2/stocks/X/...` or of `?symbols=X,Y`, each once, in order. */
export function readSymbols({ params, query }: ApiCall): Read<readonly string[]> {
  const named = params.symbol ?? query.symbols ?? "";
  const symbols = named.split(",").map((symbol) => symbol.trim().toUpperCase());
  if (symbols.includes("")) return badRequest(`invalid symbols: ${JSON.stringify(named)}`);
  return { kind: "read", value: [...new Set(symbols)].sort() };
}

export function readBarsQuery(call: ApiCall, now: EpochMs, plan: DataPlan): Read<BarsQuery> {
  const { query } = call;
  const symbols = readSymbols(call);
  if (symbols.kind === "refused") return symbols;
  const timeframe = parseTimeframe(query.timeframe ?? "");
  if (timeframe === undefined) return invalid(query, "timeframe");
  const from = readTime(query.start, atWallTime(wallTime(now).date, 0));
  const to = readTime(query.end, now);
  if (from === undefined) return invalid(query, "start");
  if (to === undefined) return invalid(query, "end");
  if (from > to) return badRequest("end should not be before start");
  const limit = Number(query.limit || DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAXIMUM_LIMIT)
    return invalid(query, "limit");
  const sort = query.sort || "asc";
  if (sort !== "asc" && sort !== "desc") return invalid(query, "sort");
  const after = query.page_token ? placeIn(query.page_token) : undefined;
  if (query.page_token && after === undefined) return invalid(query, "page_token");
  const feed = refusedFeed(query, plan, to > now - SIP_DELAY_MS);
  if (feed !== undefined) return feed;
  const asked = { symbols: symbols.value, timeframe, from, to, limit, after };
  return { kind: "read", value: { ...asked, isDescending: sort === "desc" } };
}

/** Why a feed is not shown; undefined where it is. */
export function refusedFeed(
  query: ApiCall["query"],
  plan: DataPlan,
  isRecent: boolean,
): Read<never> | undefined {
  const { feed } = query;
  if (!feed) return undefined;
  if (!FEEDS.includes(feed)) return invalid(query, "feed");
  if (plan === "plus" || feed !== "sip" || !isRecent) return undefined;
  const message = "subscription does not permit querying recent SIP data";
  return { kind: "refused", refusal: { status: 403, body: { message } } };
}

export function pageToken({ symbol, startAt }: PagePlace): string {
  return Buffer.from(`${symbol}|${startAt}`).toString("base64url");
}

function placeIn(token: string): PagePlace | undefined {
  const text = Buffer.from(token, "base64url").toString();
  const [, symbol, startAt] = /^([^|]+)\|(\d{1,15})$/.exec(text) ?? [];
  return symbol === undefined ? undefined : { symbol, startAt: Number(startAt) };
}

function readTime(text: string | undefined, fallback: EpochMs): EpochMs | undefined {
  if (!text) return fallback;
  const time = parseTimestamp(text);
  return time === undefined ? undefined : epochMs(time);
}

function invalid(query: ApiCall["query"], name: string): Read<never> {
  return badRequest(`invalid ${name}: ${query[name] ?? ""}`);
}

function badRequest(message: string): Read<never> {
  return { kind: "refused", refusal: { status: 400, body: { message } } };
}
