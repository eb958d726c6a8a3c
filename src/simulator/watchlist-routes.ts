/** Alpaca's watchlist endpoints, by a list's id and by its name. */

import { wireAsset } from "./account-routes.ts";
import { type ApiAnswer, type ApiCall, type ApiRoute, ok, refusalAnswer } from "./api-route.ts";
import { badRequest, notFound, type Refusal, unprocessable } from "./refusal.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import type { Watchlist } from "./watchlists.ts";
import { isJsonObject, type JsonObject } from "./wire-json.ts";

type Handler = (broker: SimulatedBroker, list: Watchlist, call: ApiCall) => ApiAnswer;

interface Wanted {
  readonly name: string | undefined;
  readonly symbols: readonly string[] | undefined;
}

export function watchlistRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  const known = { get: show, post: addSymbol, put: update, delete: remove } as const;
  const byEither = Object.entries(known).flatMap(([method, handler]) => [
    of(
      method,
      "/v2/watchlists/:list",
      (call) => broker().watchlists.find(call.params.list ?? ""),
      handler,
    ),
    of(
      method,
      "/v2/watchlists::by_name",
      (call) => broker().watchlists.named(call.query.name ?? ""),
      handler,
    ),
  ]);
  return [
    { method: "GET", path: "/v2/watchlists", handle: () => ok(summaries(broker())) },
    { method: "POST", path: "/v2/watchlists", handle: (call) => create(broker(), call) },
    ...byEither,
    of(
      "delete",
      "/v2/watchlists/:list/:symbol",
      (call) => broker().watchlists.find(call.params.list ?? ""),
      removeSymbol,
    ),
  ];

  function of(
    method: string,
    path: string,
    find: (call: ApiCall) => Watchlist | undefined,
    handler: Handler,
  ): ApiRoute {
    return {
      method: method.toUpperCase() as ApiRoute["method"],
      path,
      handle: (call) => {
        const list = find(call);
        if (list === undefined) return refusalAnswer(notFound("watchlist not found"));
        return handler(broker(), list, call);
      },
    };
  }
}

function summaries(broker: SimulatedBroker) {
  return broker.watchlists.all().map((list) => head(broker, list));
}

function create(broker: SimulatedBroker, call: ApiCall): ApiAnswer {
  const wanted = readWanted(broker, call);
  if ("status" in wanted) return refusalAnswer(wanted);
  if (wanted.name === undefined) return refusalAnswer(unprocessable("name is required"));
  if (broker.watchlists.named(wanted.name) !== undefined) {
    return refusalAnswer(unprocessable("watchlist name must be unique"));
  }
  return ok(wire(broker, broker.watchlists.create(wanted.name, wanted.symbols ?? [])));
}

function show(broker: SimulatedBroker, list: Watchlist): ApiAnswer {
  return ok(wire(broker, list));
}

function update(broker: SimulatedBroker, list: Watchlist, call: ApiCall): ApiAnswer {
  const wanted = readWanted(broker, call);
  if ("status" in wanted) return refusalAnswer(wanted);
  const { name = list.name, symbols = list.symbols } = wanted;
  return ok(wire(broker, broker.watchlists.change(list, { name, symbols })));
}

function addSymbol(broker: SimulatedBroker, list: Watchlist, call: ApiCall): ApiAnswer {
  const symbol = isJsonObject(call.body) ? textOf(call.body, "symbol") : undefined;
  if (symbol === undefined) return refusalAnswer(unprocessable("symbol is required"));
  const asset = broker.assets.find(symbol);
  if (asset === undefined) return refusalAnswer(notFound(`asset not found for ${symbol}`));
  const symbols = [...new Set([...list.symbols, asset.symbol])];
  return ok(wire(broker, broker.watchlists.change(list, { symbols })));
}

function removeSymbol(broker: SimulatedBroker, list: Watchlist, call: ApiCall): ApiAnswer {
  const given = (call.params.symbol ?? "").toUpperCase();
  if (!list.symbols.includes(given)) {
    return refusalAnswer(notFound(`symbol ${given} is not in the watchlist`));
  }
  const symbols = list.symbols.filter((symbol) => symbol !== given);
  return ok(wire(broker, broker.watchlists.change(list, { symbols })));
}

function remove(broker: SimulatedBroker, list: Watchlist): ApiAnswer {
  broker.watchlists.remove(list);
  return { status: 204 };
}

function readWanted(broker: SimulatedBroker, { body }: ApiCall): Wanted | Refusal {
  if (!isJsonObject(body)) return badRequest("request body format is invalid");
  const { symbols } = body;
  const name = textOf(body, "name");
  if (symbols === undefined || symbols === null) return { name, symbols: undefined };
  if (!Array.isArray(symbols)) return unprocessable("invalid symbols");
  const assets = symbols.map((symbol) => broker.assets.find(String(symbol)));
  const missing = assets.indexOf(undefined);
  if (missing >= 0) return unprocessable(`asset not found for ${String(symbols[missing])}`);
  return { name, symbols: assets.flatMap((asset) => (asset === undefined ? [] : [asset.symbol])) };
}

function textOf(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function head({ accountId }: SimulatedBroker, { id, name, createdAt, updatedAt }: Watchlist) {
  return { id, account_id: accountId, created_at: createdAt, updated_at: updatedAt, name };
}

function wire(broker: SimulatedBroker, list: Watchlist) {
  const assets = list.symbols.flatMap((symbol) => broker.assets.find(symbol) ?? []);
  return { ...head(broker, list), assets: assets.map(wireAsset) };
}
