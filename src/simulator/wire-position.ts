/** A position as Alpaca's JSON shows it: amounts as text, a short quantity negative. */
import {
  absolute,
  type DecimalText,
  divide,
  isZero,
  multiply,
  negate,
  signOf,
  subtract,
  ZERO,
} from "../core/decimal.ts";
import type { Position } from "./account-books.ts";
import { type Asset, bareSymbol } from "./asset-registry.ts";
import { multiplierOf } from "./option-contract.ts";

/** Alpaca's Position; amounts are decimal text. */
export interface WirePosition {
  readonly asset_id: string;
  readonly symbol: string;
  readonly exchange: string;
  readonly asset_class: Asset["assetClass"];
  readonly asset_marginable: boolean;
  readonly qty: DecimalText;
  readonly qty_available: DecimalText;
  readonly avg_entry_price: DecimalText;
  readonly side: "long" | "short";
  readonly market_value: DecimalText;
  readonly cost_basis: DecimalText;
  readonly unrealized_pl: DecimalText;
  readonly unrealized_plpc: DecimalText;
  readonly unrealized_intraday_pl: DecimalText;
  readonly unrealized_intraday_plpc: DecimalText;
  readonly current_price: DecimalText;
  readonly lastday_price: DecimalText;
  readonly change_today: DecimalText;
}

/** Without a market price the position is valued at what it cost. */
export function wirePosition(
  position: Position,
  asset: Asset,
  available: DecimalText,
  marketPrice: DecimalText | undefined,
): WirePosition {
  const { quantity, averagePrice } = position;
  const price = marketPrice ?? averagePrice;
  const units = multiply(quantity, multiplierOf(position.symbol));
  const value = multiply(units, price);
  const cost = multiply(units, averagePrice);
  const gain = subtract(value, cost);
  const gainShare = isZero(cost) ? ZERO : divide(gain, absolute(cost));
  const isLong = signOf(quantity) > 0;
  return {
    asset_id: asset.id,
    symbol: bareSymbol(position.symbol),
    exchange: asset.exchange,
    asset_class: asset.assetClass,
    asset_marginable: asset.assetClass === "us_equity",
    qty: quantity,
    qty_available: isLong ? available : negate(available),
    avg_entry_price: averagePrice,
    side: isLong ? "long" : "short",
    market_value: value,
    cost_basis: cost,
    unrealized_pl: gain,
    unrealized_plpc: gainShare,
    unrealized_intraday_pl: gain,
    unrealized_intraday_plpc: gainShare,
    current_price: price,
    lastday_price: price,
    change_today: ZERO,
  };
}
