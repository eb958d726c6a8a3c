/**
 * What can be traded: a built-in handful of symbols and every symbol that was given a price or a
 * position. An asset's id is made from its symbol, so that it is the same in every run.
 */
import { createHash } from "node:crypto";
import { isOptionSymbol } from "./option-contract.ts";

export interface Asset {
  readonly id: string;
  readonly symbol: string;
  readonly name: string;
  readonly exchange: string;
  readonly assetClass: "us_equity" | "us_option" | "crypto";
  readonly fractionable: boolean;
  readonly shortable: boolean;
  readonly tradable: boolean;
}

/** What a test may change about an asset. */
export interface AssetFlags {
  readonly fractionable?: boolean | undefined;
  readonly shortable?: boolean | undefined;
  readonly tradable?: boolean | undefined;
}

const BUILT_IN: readonly (readonly [string, string, string])[] = [
  ["TQQQ", "ProShares UltraPro QQQ", "NASDAQ"],
  ["SQQQ", "ProShares UltraPro Short QQQ", "NASDAQ"],
  ["QQQ", "Invesco QQQ Trust, Series 1", "NASDAQ"],
  ["SPY", "SPDR S&P 500 ETF Trust", "ARCA"],
  ["AAPL", "Apple Inc. Common Stock", "NASDAQ"],
];

/**
 * Of a stock or a pair. Rights and what is left of mergers have digits in front, such as
 * `003CVR016`.
 */
export const SYMBOL = /^[A-Z0-9]{1,10}([./][A-Z0-9]{1,5})?$/;

export class AssetRegistry {
  readonly #assets = new Map<string, Asset>();

  constructor() {
    for (const [symbol, name, exchange] of BUILT_IN) this.#put(symbol, name, exchange);
  }

  /** By symbol or by id; a pair of currencies also without its slash. */
  find(symbolOrId: string): Asset | undefined {
    const symbol = symbolOrId.toUpperCase();
    const id = symbolOrId.toLowerCase();
    const isIt = (asset: Asset) => asset.id === id || bareSymbol(asset.symbol) === symbol;
    return this.#assets.get(symbol) ?? this.all().find(isIt);
  }

  all(): Asset[] {
    return [...this.#assets.values()];
  }

  /** Makes `symbol` known; false when it could not be the symbol of a stock or an option. */
  learn(symbol: string): boolean {
    const isOption = isOptionSymbol(symbol);
    if (!isOption && !SYMBOL.test(symbol)) return false;
    if (this.#assets.has(symbol)) return true;
    if (isOption) this.#put(symbol, `${symbol} Option`, "");
    else if (symbol.includes("/")) this.#put(symbol, symbol, "CRYPTO");
    else this.#put(symbol, `${symbol} Common Stock`, "NYSE");
    return true;
  }

  setFlags(symbol: string, flags: AssetFlags): boolean {
    if (!this.learn(symbol)) return false;
    const asset = this.#assets.get(symbol);
    if (asset === undefined) return false;
    this.#assets.set(symbol, {
      ...asset,
      fractionable: flags.fractionable ?? asset.fractionable,
      shortable: flags.shortable ?? asset.shortable,
      tradable: flags.tradable ?? asset.tradable,
    });
    return true;
  }

  #put(symbol: string, name: string, exchange: string): void {
    const isOption = isOptionSymbol(symbol);
    const isPair = symbol.includes("/");
    const can = { fractionable: !isOption, shortable: !isOption && !isPair, tradable: true };
    const assetClass = isOption ? "us_option" : isPair ? "crypto" : "us_equity";
    this.#assets.set(symbol, { id: assetId(symbol), symbol, name, exchange, assetClass, ...can });
  }
}

/** Whether it is a pair of currencies, in either spelling; no stock has so many letters. */
export function isPairSymbol(symbol: string): boolean {
  return symbol.includes("/") || /^[A-Z]{3,6}(?:USD[CT]?|BTC)$/.test(symbol);
}

/** A pair of currencies as positions write it, without a slash. */
export function bareSymbol(symbol: string): string {
  return symbol.replace("/", "");
}

function assetId(symbol: string): string {
  const hex = createHash("sha256").update(`asset ${symbol}`).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
  ];
  return `${parts.join("-")}-${hex.slice(20, 32)}`;
}
