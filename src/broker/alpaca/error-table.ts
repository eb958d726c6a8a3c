/**
 * What Alpaca's error bodies mean: the one table that tells a certain answer from a guess.
 *
 * 1. A row fits by HTTP status, code, the whole message, endpoint and side. Codes 40310000,
 *    42210000, 40410000 and 40010001 are shared by many causes, so the code alone decides nothing.
 * 2. At most one row fits any answer; a test asserts it over `fixtures/alpaca/`.
 * 3. What fits no row proves nothing. A row is added only with a body that somebody published.
 */
import type { RefusalReason } from "../../claim/evidence.ts";
import type { Side } from "../../identity/intent.ts";
import type { Endpoint } from "./http-answer.ts";

export type ErrorMeaning =
  | { readonly kind: "refused"; readonly reason: RefusalReason }
  | { readonly kind: "id_taken" }
  | { readonly kind: "rate_limited" }
  | { readonly kind: "not_found" }
  | { readonly kind: "flat" };

export interface ErrorRow {
  readonly httpStatus: number;
  /** Null: the body carries no code. */
  readonly code: number | null;
  /** Anchored at both ends. */
  readonly message: RegExp;
  readonly endpoints: readonly Endpoint[];
  /** Absent: whichever side the order had. */
  readonly side?: Side;
  readonly meaning: ErrorMeaning;
  /** Why this answer is certain, or what it was seen to mean. */
  readonly because: string;
}

const ORDERING = ["submit", "close_position", "replace"] as const;
const WRITES = [...ORDERING, "cancel"] as const;
const READS = ["account", "asset", "order", "orders", "position", "positions"] as const;
const EVERY_ENDPOINT = [...WRITES, ...READS] as const;

const refused = (reason: RefusalReason): ErrorMeaning => ({ kind: "refused", reason });

const NUMBER = String.raw`-?\d*\.?\d+`;
const NAME = '[^"<>]{1,60}';
const TIME = String.raw`\d{1,2}:\d\d[ap]m`;
const LEG = String.raw`(?:take_profit\.|stop_loss\.)`;
const CLASS_WITH_LEGS = "(?:bracket|oco|oto)";

/** Fits any of `messages`, which are regular expressions, as a whole. */
const oneOf = (messages: readonly string[]): RegExp =>
  new RegExp(`^(?:${messages.join("|")})\\.?$`, "i");

const INSUFFICIENT_BALANCE = oneOf([
  `insufficient balance for [A-Z]{2,6} \\(requested: ${NUMBER}, available: ${NUMBER}\\)`,
]);

export const ERROR_ROWS: readonly ErrorRow[] = [
  {
    httpStatus: 422,
    code: 40010001,
    message: /^client_order_id must be unique\.?$/i,
    endpoints: ["submit", "replace"],
    meaning: { kind: "id_taken" },
    because: "an earlier try landed; the code also serves malformed input, so the words decide",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^client_order_id must be unique\.?$/i,
    endpoints: ["submit", "replace"],
    meaning: { kind: "id_taken" },
    because: "the same words were also seen under this code",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: new RegExp(
      `^insufficient qty available for order \\(requested: ${NUMBER}, available: ${NUMBER}\\)\\.?$`,
      "i",
    ),
    endpoints: ORDERING,
    meaning: refused("insufficient_quantity"),
    because: "working orders hold the shares, or they are gone; related_orders names the holders",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: INSUFFICIENT_BALANCE,
    endpoints: ["submit"],
    side: "sell",
    meaning: refused("insufficient_quantity"),
    because: "the same for a pair of currencies, whose fee was taken from what had been bought",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^position intent mismatch, inferred: [a-z_]+, specified: [a-z_]+\.?$/i,
    endpoints: ["submit", "replace"],
    meaning: refused("position_intent_mismatch"),
    because: "the order would have opened what it meant to close, or the other way round",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^fractional orders cannot be sold short\.?$/i,
    endpoints: ["submit"],
    side: "sell",
    meaning: refused("fractional_short"),
    because: "a fractional sell while flat",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: /^account is not allowed to short\.?$/i,
    endpoints: ["submit"],
    side: "sell",
    meaning: refused("shorting_off"),
    because: "a sell while flat, with shorting off in the account",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: /^cannot open a short sell while a long buy order is open\.?$/i,
    endpoints: ["submit"],
    side: "sell",
    meaning: refused("short_while_long_working"),
    because: "a sell while flat, with an entry still working",
  },
  {
    httpStatus: 404,
    code: 40410000,
    message: /^position does not exist\.?$/i,
    endpoints: ["submit", "close_position"],
    meaning: refused("position_not_found"),
    because: "nothing to close in this symbol",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: /^potential wash trade detected\. use complex orders\.?$/i,
    endpoints: ORDERING,
    meaning: refused("wash_trade"),
    because: "an order on the other side is working; existing_order_id names it",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^potential wash trade detected\. use complex orders\.?$/i,
    endpoints: ORDERING,
    meaning: refused("wash_trade"),
    because: "the same under its status and code of 2024",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: /^insufficient (?:day trading )?buying power\.?$/i,
    endpoints: ["submit", "replace"],
    meaning: refused("buying_power"),
    because: "checked before the order is taken",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: new RegExp(
      `^invalid ${LEG}?(?:limit|stop|trail)_price ${NUMBER}\\. sub-penny increment does not ` +
        "fulfill minimum pricing criteria\\.?$",
      "i",
    ),
    endpoints: ["submit", "replace"],
    meaning: refused("sub_penny"),
    because: "malformed: the price has more digits than the market takes",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: /^asset "[^"<>]{1,40}" is not fractionable\.?$/i,
    endpoints: ORDERING,
    meaning: refused("not_fractionable"),
    because: "malformed: this asset trades in whole shares",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^qty must be > 0\.?$/i,
    endpoints: ORDERING,
    meaning: refused("quantity_not_accepted"),
    because: "malformed: the quantity",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^asset "[^"<>]{1,40}" not found\.?$/i,
    endpoints: ["submit", "close_position"],
    meaning: refused("asset_not_found"),
    because: "malformed: the symbol",
  },
  {
    httpStatus: 404,
    code: 40410000,
    message: /^asset not found(?: for [^<>]{1,60})?\.?$/i,
    endpoints: ["submit", "close_position", "asset"],
    meaning: refused("asset_not_found"),
    because: "malformed: the symbol; the code also serves positions and orders",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^order is already in "[a-z_]+" state\.?$/i,
    endpoints: ["cancel"],
    meaning: refused("not_cancelable"),
    because: "the order ended before the cancel came",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^cannot replace order in [a-z_]+ status\.?$/i,
    endpoints: ["replace"],
    meaning: refused("not_replaceable"),
    because: "the order is between two states",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: /^order is already in "[a-z_]+" state\.?$/i,
    endpoints: ["replace"],
    meaning: refused("not_replaceable"),
    because: "the order ended before its replacement came",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: INSUFFICIENT_BALANCE,
    endpoints: ["submit"],
    side: "buy",
    meaning: refused("buying_power"),
    because: "what a pair is bought with does not suffice",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: oneOf([
      "insufficient options buying power(?: for cash-secured put)? " +
        `\\(required: ${NUMBER}, available: ${NUMBER}\\)`,
    ]),
    endpoints: ["submit", "replace"],
    meaning: refused("buying_power"),
    because: "the same for contracts",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: oneOf([`asset "${NAME}" cannot be sold short`]),
    endpoints: ["submit"],
    side: "sell",
    meaning: refused("not_shortable"),
    because: "a sell while flat, of what cannot be borrowed",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: oneOf([
      "invalid crypto time_in_force",
      "invalid order type for crypto order",
      "invalid options? (?:order_type|time_in_force)",
      "invalid order type for options trading",
      "(?:complex|notional) orders (?:are )?not supported for options trading",
      "extended hours is not supported for options trading",
      "qty must be integer for options trading",
      "fractional orders must be (?:DAY|simple) orders",
      "extended hours order must be DAY (?:or GTC )?limit orders",
      "notional value must be limited to 2 decimal places",
      `notional amount must be >= ${NUMBER}`,
      `only day orders are allowed for hard-to-borrow asset "${NAME}"`,
      "crypto orders not allowed for advanced order_class: [a-z]+",
    ]),
    endpoints: ["submit", "replace"],
    meaning: refused("terms_not_accepted"),
    because: "malformed: terms that do not go together, or not with this kind of asset",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: oneOf([`${LEG}(?:limit|stop)_price must be [<>]= base_price [-+] ${NUMBER}`]),
    endpoints: ["submit", "replace"],
    meaning: refused("terms_not_accepted"),
    because: "malformed: a leg on the wrong side of the market, or of its order's own price",
  },
  {
    httpStatus: 422,
    code: 40010001,
    message: oneOf([
      "invalid (?:order )?type(?: for crypto order)?",
      "invalid (?:side|time_in_force|position_intent specified)",
      "market orders require no stop or limit price",
      "(?:limit|stop) orders require a (?:limit|stop) price",
      "stop limit orders require both stop and limit price",
      "qty or notional is required",
      "oco orders must be limit orders",
      'only type="limit" is allowed for extended hours orders',
      `${CLASS_WITH_LEGS} orders require (?:take_profit\\.limit|stop_loss\\.stop)_price`,
      `${CLASS_WITH_LEGS} orders support only "day" or "gtc" time_in_force`,
    ]),
    endpoints: ["submit", "replace"],
    meaning: refused("terms_not_accepted"),
    because: "malformed, under the code of input that cannot be read",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: oneOf([
      `cost basis must be >= minimal amount of order ${NUMBER}`,
      `${CLASS_WITH_LEGS} orders do not support extended hours trading`,
    ]),
    endpoints: ORDERING,
    meaning: refused("terms_not_accepted"),
    because: "malformed: less than the least that is traded, or legs where there can be none",
  },
  {
    httpStatus: 403,
    code: 40310000,
    message: oneOf([
      "account not authorized to trade options",
      "account not eligible to trade (?:long|uncovered) option contracts",
      "account not eligible to trade spreads or uncovered contracts",
      `account not eligible to trade options: ${NAME}`,
      "account is not authorized to trade",
      "account is restricted to liquidation only",
      "new orders are rejected by user request",
      "cannot open a long buy while a short sell order is open",
      `active assignment lock on ${NAME}, cannot close all long options`,
      `opg orders must be submitted after ${TIME} and before ${TIME}`,
    ]),
    endpoints: ORDERING,
    meaning: refused("not_allowed_now"),
    because: "the account or the hour, as it stands; another day or after another order it may",
  },
  {
    httpStatus: 403,
    code: 40310100,
    message: /^trade denied due to pattern day trading protection\.?$/i,
    endpoints: ORDERING,
    meaning: refused("not_allowed_now"),
    because: "it would open and close on one day once too often; on another day it may be taken",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: oneOf([
      "options market orders are only allowed during market hours",
      `asset "${NAME}" is not (?:active|tradable)`,
      `contract "${NAME}" expires soon, unable to open new positions`,
      `contract "${NAME}" is (?:expired|not active|not tradable)`,
      "bracket orders must be entry orders",
      "stop price must be less than current price",
    ]),
    endpoints: ORDERING,
    meaning: refused("not_allowed_now"),
    because: "the hour, the contract, the position or the price does not allow it now",
  },
  {
    httpStatus: 422,
    code: 42210000,
    message: oneOf([
      "order already (?:replaced|pending replacement)",
      "order chain not fully replaced",
      "order parameters are not changed",
      "qty must be > filled_qty",
      "unable to replace order, order (?:is not open|isn't sent to exchange yet)",
    ]),
    endpoints: ["replace"],
    meaning: refused("not_replaceable"),
    because: "the order is between two states, or as it was asked to be",
  },
  {
    httpStatus: 401,
    code: null,
    message: /^unauthorized\.?$/i,
    endpoints: [...WRITES, "account"],
    meaning: refused("unauthorized"),
    because: "the key was not accepted, so nothing behind it ran",
  },
  {
    httpStatus: 401,
    code: 40110000,
    message: /^request is not authorized\.?$/i,
    endpoints: [...WRITES, "account"],
    meaning: refused("unauthorized"),
    because: "what a live key gets at the paper host and the other way round: nothing ran either",
  },
  {
    httpStatus: 403,
    code: null,
    message: /^forbidden\.?$/i,
    endpoints: [...WRITES, "account"],
    meaning: refused("forbidden"),
    because: "the key may not do this, so nothing behind it ran",
  },
  {
    httpStatus: 429,
    code: 42910000,
    message: /^(?:rate limit exceeded|too many requests)\.?$/i,
    endpoints: EVERY_ENDPOINT,
    meaning: { kind: "rate_limited" },
    because: "turned away at the door",
  },
  {
    httpStatus: 429,
    code: null,
    message: /^(?:rate limit exceeded|too many requests)\.?$/i,
    endpoints: EVERY_ENDPOINT,
    meaning: { kind: "rate_limited" },
    because: "the same without a code",
  },
  {
    httpStatus: 404,
    code: 40410000,
    message: /^order not found(?: for [^<>]{1,160})?\.?$/i,
    endpoints: ["order"],
    meaning: { kind: "not_found" },
    because: "the broker looked and has no such order now; one look is not a proof of absence",
  },
  {
    httpStatus: 404,
    code: 40410000,
    message: /^position does not exist\.?$/i,
    endpoints: ["position"],
    meaning: { kind: "flat" },
    because: "the broker looked and holds nothing in this symbol",
  },
];

/** An error body that is JSON of the known shape. */
export interface ErrorBody {
  readonly code: number | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Every row that fits: none or one, by the table's second rule. */
export function fittingRows(
  httpStatus: number,
  body: ErrorBody,
  endpoint: Endpoint,
  side: Side | null,
): readonly ErrorRow[] {
  return ERROR_ROWS.filter(
    (row) =>
      row.httpStatus === httpStatus &&
      row.code === body.code &&
      row.endpoints.includes(endpoint) &&
      (row.side === undefined || row.side === side) &&
      row.message.test(body.message),
  );
}
