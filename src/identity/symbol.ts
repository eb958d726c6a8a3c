/** How a symbol is written. */

/** US stocks and funds, with a share class behind a point. */
const STOCK = "[A-Z]{1,6}(?:\\.[A-Z]{1,4})?";
/** Pairs of currencies, with or without a slash. */
const PAIR = "[A-Z]{2,6}/[A-Z]{3,4}|[A-Z]{2,6}USD[CT]?";
/**
 * Option contracts as the OCC writes them: root, date, C or P, strike. A root has a digit behind it
 * where a split or a merger has made the contract another one.
 */
const OPTION = "[A-Z]{1,6}\\d?\\d{6}[CP]\\d{8}";

/** A pair without its slash. No stock has so many letters. */
const BARE_PAIR = /^([A-Z]{3,6}?)(USD[CT]?|BTC)$/;

/**
 * The one name of what is traded: the broker takes a pair as `BTC/USD` and as `BTCUSD`, writes
 * orders with the slash and positions without.
 */
export function plainSymbol(symbol: string): string {
  return symbol.replace(BARE_PAIR, "$1/$2");
}

/** Whether it is one of two currencies, which trade around the clock; `symbol` is plain. */
export function isPair(symbol: string): boolean {
  return symbol.includes("/");
}

/** Whether it is the name of a stock or a fund, as the broker writes it. */
export function isStock(symbol: string): boolean {
  return STOCK_SYMBOL.test(symbol) && !isPair(plainSymbol(symbol));
}

const STOCK_SYMBOL = new RegExp(`^${STOCK}$`);
export const OPTION_SYMBOL = new RegExp(`^${OPTION}$`);
export const SYMBOL = new RegExp(`^(?:${STOCK}|${PAIR}|${OPTION})$`);
