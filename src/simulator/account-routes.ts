/** Alpaca's account, configuration and asset endpoints. */
import { add, multiply, signOf, ZERO } from "../core/decimal.ts";
import { type ApiAnswer, type ApiRoute, ok, refusalAnswer } from "./api-route.ts";
import type { Asset } from "./asset-registry.ts";
import { multiplierOf } from "./option-contract.ts";
import { badRequest, notFound, unprocessable } from "./refusal.ts";
import type { SimulatedBroker } from "./simulated-broker.ts";
import { timestamp } from "./timestamp.ts";
import { isJsonObject, type Json } from "./wire-json.ts";

export function accountRoutes(broker: () => SimulatedBroker): ApiRoute[] {
  return [
    { method: "GET", path: "/v2/account", handle: () => ok(wireAccount(broker())) },
    {
      method: "GET",
      path: "/v2/account/configurations",
      handle: () => ok(broker().configuration.shown()),
    },
    {
      method: "PATCH",
      path: "/v2/account/configurations",
      handle: (call) => configure(broker(), call.body),
    },
    {
      method: "GET",
      path: "/v2/assets",
      handle: () => ok(broker().assets.all().filter(isEquity).map(wireAsset)),
    },
    {
      method: "GET",
      path: "/v2/assets/:symbol",
      handle: (call) => assetAnswer(broker(), call.params.symbol ?? ""),
    },
  ];
}

function assetAnswer(broker: SimulatedBroker, symbol: string): ApiAnswer {
  const asset = broker.assets.find(symbol);
  if (asset === undefined || !isEquity(asset)) {
    return refusalAnswer(notFound(`asset not found for ${symbol}`));
  }
  return ok(wireAsset(asset));
}

/** Option contracts have endpoints of their own, which are not served here. */
function isEquity({ assetClass }: Asset): boolean {
  return assetClass === "us_equity";
}

function wireAccount(broker: SimulatedBroker) {
  const { cash } = broker.books;
  const { long, short } = marketValues(broker);
  const equity = add(cash, add(long, short));
  const buyingPower = broker.buyingPower();
  return {
    id: broker.accountId,
    account_number: `PA${broker.accountId.replace(/\D/g, "").slice(0, 10).padEnd(10, "0")}`,
    status: "ACTIVE",
    crypto_status: "INACTIVE",
    currency: "USD",
    ...{ cash, equity, portfolio_value: equity, last_equity: equity },
    buying_power: buyingPower,
    regt_buying_power: buyingPower,
    non_marginable_buying_power: buyingPower,
    options_buying_power: buyingPower,
    long_market_value: long,
    short_market_value: short,
    position_market_value: add(long, short),
    initial_margin: "0",
    maintenance_margin: "0",
    last_maintenance_margin: "0",
    accrued_fees: "0",
    pending_transfer_in: "0",
    pending_transfer_out: "0",
    sma: "0",
    multiplier: "1",
    shorting_enabled: broker.shortingAllowed,
    account_blocked: false,
    trade_suspended_by_user: false,
    trading_blocked: false,
    transfers_blocked: false,
    options_approved_level: 3,
    options_trading_level: 3,
    balance_asof: timestamp(broker.openedAt).slice(0, 10),
    created_at: timestamp(broker.openedAt),
  };
}

function marketValues(broker: SimulatedBroker) {
  let long = ZERO;
  let short = ZERO;
  for (const { symbol, quantity, averagePrice } of broker.books.positions()) {
    const price = broker.floor.price(symbol) ?? averagePrice;
    const value = multiply(multiply(quantity, price), multiplierOf(symbol));
    if (signOf(quantity) > 0) long = add(long, value);
    else short = add(short, value);
  }
  return { long, short };
}

function configure({ configuration }: SimulatedBroker, body: Json | undefined): ApiAnswer {
  if (!isJsonObject(body)) return refusalAnswer(badRequest("request body format is invalid"));
  const unknown = configuration.change(body);
  if (unknown !== undefined) return refusalAnswer(unprocessable(`invalid ${unknown}`));
  return ok(configuration.shown());
}

export function wireAsset(asset: Asset) {
  return {
    id: asset.id,
    class: "us_equity",
    exchange: asset.exchange,
    symbol: asset.symbol,
    name: asset.name,
    status: "active",
    tradable: asset.tradable,
    marginable: true,
    maintenance_margin_requirement: 30,
    margin_requirement_long: "30",
    margin_requirement_short: "30",
    shortable: asset.shortable,
    easy_to_borrow: asset.shortable,
    fractionable: asset.fractionable,
    attributes: [],
  };
}
