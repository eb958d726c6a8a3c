/** Amounts as a trader reads them. They come as decimal text and no digit of theirs is changed. */

const MINUS = "−";
const DOLLARS = new Intl.NumberFormat("en-US", {
  ...{ minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "negative" },
});

/** A quantity with a true minus. */
export function quantityText(quantity: string): string {
  return quantity.startsWith("-") ? `${MINUS}${quantity.slice(1)}` : quantity;
}

/** The same with a plus before what is above zero. */
export function signedText(quantity: string): string {
  return isZero(quantity) || quantity.startsWith("-") ? quantityText(quantity) : `+${quantity}`;
}

/** Dollars and cents; what is finer is rounded, for people, and nothing is no loss. */
export function dollarsText(amount: string): string {
  return quantityText(DOLLARS.format(amount as Intl.StringNumericLiteral));
}

/** Whether dollars are told with a minus. */
export function isLoss(amount: string): boolean {
  return dollarsText(amount).startsWith(MINUS);
}

/**
 * A price with at least two digits behind the point, and no more than four: of a coin that costs
 * less than a cent, four that are not zeros before it.
 */
export function priceText(price: string): string {
  const value = Number(price);
  const [, behind = ""] = price.split(".");
  const most = decimalsOf(value);
  const digits = price.includes("e") ? most : Math.min(most, Math.max(2, behind.length));
  return value.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1");
}

/** How many digits behind the point tell a price. */
function decimalsOf(price: number): number {
  return 4 + (price === 0 ? 0 : Math.max(0, -1 - Math.floor(Math.log10(Math.abs(price)))));
}

const WHOLE_FROM = 1_000;

/** A price beside a chart, where one of four digits and more needs no cents. */
export function axisPriceText(price: number): string {
  return Math.abs(price) >= WHOLE_FROM ? price.toFixed(0) : priceText(String(price));
}

/** How many digits the texts beside a chart of `prices` have at most, the point among them. */
export function axisPriceDigits(prices: readonly number[]): number {
  const digits = prices.map((price) =>
    price >= WHOLE_FROM ? price.toFixed(0).length : `0.${"0".repeat(decimalsOf(price))}`.length,
  );
  return Math.max(0, ...digits);
}

export function isZero(quantity: string): boolean {
  return Number(quantity) === 0;
}

/** `1 order`, `2 orders` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
