/** How a symbol is written. */

/** US stocks and funds, with a share class behind a point. */
const STOCK = "[A-Z]{1,6}(?:\\.[A-Z]{1,4})?";
/** Pairs of currencies, with or without a slash. */
const PAIR = "[A-Z]{2,6}/[A-Z]{3,4}|[A-Z]{2,6}USD[CT]?";
/** Option contracts as the OCC writes them: root, date, C or P, strike. */
const OPTION = "[A-Z]{1,6}\\d{6}[CP]\\d{8}";

export const OPTION_SYMBOL = new RegExp(`^${OPTION}$`);
export const SYMBOL = new RegExp(`^(?:${STOCK}|${PAIR}|${OPTION})$`);
