/**
 * Reads an intent from outside: every field is checked, amounts become canonical decimals, and the
 * first thing that is wrong is named with the value received. Nothing is rounded or guessed.
 */
import { z } from "zod";
import {
  compare,
  type DecimalText,
  decimalPlaces,
  parseDecimal,
  QUANTITY_DECIMALS,
  signOf,
} from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId, AgentId, ClientOrderId, RequestId } from "../core/ids.ts";
import { isWellFormed } from "../core/json-shape.ts";
import { plainExpectation } from "../core/plain-expectation.ts";
import { COMBO_SYMBOL, comboLegs, isCombo } from "./combo.ts";
import {
  type Anchor,
  type Effect,
  type IntentDraft,
  ORDER_TYPES,
  type OrderTerms,
  TIMES_IN_FORCE,
  type TimeInForce,
} from "./intent.ts";
import { isPair, plainSymbol, SYMBOL } from "./symbol.ts";

/** Alpaca's bound for a bot's own client_order_id; ours stay within the 48 of older documents. */
const CLIENT_ORDER_ID_MAX = 128;
/** The longest id or reason of an intent, in characters. */
export const INTENT_TEXT_MAX = 256;
/** More than any order has; with the digits behind the point it keeps all arithmetic exact. */
const WHOLE_DIGITS_MAX = 15;

const amountError = "expected a finite decimal number, as text or exact as written";
const amount = z
  .union([z.string(), z.number()], amountError)
  .transform((value, context): DecimalText => {
    const read = readAmount(String(value));
    return typeof read === "string" ? read : refuse(context, read.fault);
  });

function readAmount(written: string): DecimalText | { readonly fault: string } {
  const parsed = parseDecimal(written);
  if (parsed === undefined) return { fault: "expected a finite decimal number" };
  if (signOf(parsed) <= 0) return { fault: "expected a number above zero" };
  if (decimalPlaces(parsed) > QUANTITY_DECIMALS) {
    return { fault: `expected at most ${QUANTITY_DECIMALS} digits behind the point` };
  }
  if (parsed.split(".", 1).join().length > WHOLE_DIGITS_MAX) {
    return { fault: `expected at most ${WHOLE_DIGITS_MAX} digits before the point` };
  }
  return parsed;
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}

const symbolError = "expected a symbol such as TQQQ or BRK.B";
const unicodeError = "expected well-formed Unicode";
const text = z.string().min(1).max(INTENT_TEXT_MAX).refine(isWellFormed, unicodeError);

const PERCENT = /^(.+)%$/;
const WHOLE = "100" as DecimalText;

const portion = z.string().transform((value, context): string => {
  if (value === "all") return value;
  const percent = parseDecimal(PERCENT.exec(value)?.[1] ?? "");
  if (percent === undefined || signOf(percent) <= 0 || compare(percent, WHOLE) > 0) {
    return refuse(context, "expected all, or a part above 0% and up to 100%");
  }
  return compare(percent, WHOLE) === 0 ? "all" : `${percent}%`;
});

const anchorSchema = z.union(
  [
    z.strictObject({ bar: text, stage: text }),
    z.strictObject({ episode: z.number().int().nonnegative(), leg: text }),
  ],
  "expected {bar, stage} for an open or {episode, leg} for a close",
);

/** Recursive, so documents made from the schema need a name for it. */
export const anyJson = z.json();

/** What an intent is where it does not say. */
const DEFAULTS = { type: "market", extendedHours: false } as const;

/** What a caller passes; {@link parseIntent} checks besides what no single field shows. */
export const intentSchema = z.strictObject({
  symbol: z.string(symbolError).regex(SYMBOL, symbolError).transform(plainSymbol),
  /** Left out only with `portion`. */
  side: z.enum(["buy", "sell"]).optional(),
  /** Left out, it follows from the anchor or from what is held. */
  effect: z.enum(["open", "close"]).optional(),
  quantity: amount.optional(),
  notional: amount.optional(),
  type: z.enum(ORDER_TYPES).default(DEFAULTS.type),
  /** Left out, `gtc` for a pair of currencies and `day` for all else. */
  timeInForce: z.enum(TIMES_IN_FORCE).optional(),
  limitPrice: amount.optional(),
  stopPrice: amount.optional(),
  trailPrice: amount.optional(),
  trailPercent: amount.optional(),
  extendedHours: z.boolean().default(DEFAULTS.extendedHours),
  /** A close of `all` that is held, or of a part of it such as `50%`; instead of a quantity. */
  portion: portion.optional(),
  extension: z.record(z.string(), anyJson).refine(isWellFormed, unicodeError).optional(),
  requestId: text.optional(),
  clientOrderId: text.max(CLIENT_ORDER_ID_MAX).optional(),
  anchor: anchorSchema.optional(),
  decisionId: text.optional(),
  reason: text.optional(),
});

/** What a caller passes: amounts as decimal text, or as numbers that are exact as written. */
export type IntentInput = z.input<typeof intentSchema>;

type IntentFields = z.output<typeof intentSchema>;

/** Throws LatchError `invalid_intent`, naming the field and the value. */
export function parseIntent(input: unknown, account: AccountId, agent: AgentId): IntentDraft {
  const fields = plainFields(input) ?? schemaFields(input);
  // In the order of canonical JSON: see canonical-json.ts.
  const intent: IntentDraft = {
    account,
    agent,
    anchor: fields.anchor ?? null,
    clientOrderId: (fields.clientOrderId as ClientOrderId | undefined) ?? null,
    decisionId: fields.decisionId ?? null,
    effect: fields.effect ?? effectOfAnchor(fields.anchor),
    extendedHours: fields.extendedHours,
    extension: fields.extension ?? null,
    limitPrice: fields.limitPrice ?? null,
    notional: fields.notional ?? null,
    portion: fields.portion ?? null,
    quantity: fields.quantity ?? null,
    reason: fields.reason ?? null,
    requestId: (fields.requestId as RequestId | undefined) ?? null,
    side: fields.side ?? null,
    stopPrice: fields.stopPrice ?? null,
    symbol: fields.symbol,
    timeInForce: fields.timeInForce ?? usualTimeInForce(fields.symbol),
    trailPercent: fields.trailPercent ?? null,
    trailPrice: fields.trailPrice ?? null,
    type: fields.type,
  };
  const wrong = inconsistency(intent);
  if (wrong !== undefined) throw invalid(wrong);
  return intent;
}

function schemaFields(input: unknown): IntentFields {
  const parsed = intentSchema.safeParse(input);
  if (!parsed.success) throw invalid(describeIssue(input, parsed.error));
  return parsed.data;
}

/** A field's value, or undefined where only the schema can tell what it is or what is wrong. */
type PlainReader = (value: unknown) => unknown;

const oneOf =
  (words: readonly unknown[]): PlainReader =>
  (value) =>
    words.includes(value) ? value : undefined;

const plainText =
  (longest: number): PlainReader =>
  (value) => {
    const isText = typeof value === "string" && value !== "" && value.length <= longest;
    return isText && isWellFormed(value) ? value : undefined;
  };

const plainAmount: PlainReader = (value) => {
  const read = typeof value === "string" ? readAmount(value) : undefined;
  return typeof read === "string" ? read : undefined;
};

const plainSymbolOf: PlainReader = (value) =>
  typeof value === "string" && SYMBOL.test(value) ? plainSymbol(value) : undefined;

const PLAIN_READERS: ReadonlyMap<string, PlainReader> = new Map([
  ["symbol", plainSymbolOf],
  ["side", oneOf(["buy", "sell"])],
  ["effect", oneOf(["open", "close"])],
  ["quantity", plainAmount],
  ["type", oneOf(ORDER_TYPES)],
  ["timeInForce", oneOf(TIMES_IN_FORCE)],
  ["limitPrice", plainAmount],
  ["stopPrice", plainAmount],
  ["extendedHours", oneOf([true, false])],
  ["requestId", plainText(INTENT_TEXT_MAX)],
  ["clientOrderId", plainText(CLIENT_ORDER_ID_MAX)],
  ["decisionId", plainText(INTENT_TEXT_MAX)],
  ["reason", plainText(INTENT_TEXT_MAX)],
]);

/**
 * What the schema makes of an intent that is written as most are, in a fraction of the time: every
 * order is read while its bot waits. Undefined for whatever else, right or wrong.
 */
function plainFields(input: unknown): IntentFields | undefined {
  const isPlain = typeof input === "object" && input !== null;
  if (!isPlain || Object.getPrototypeOf(input) !== Object.prototype) return undefined;
  const given = input as Readonly<Record<string, unknown>>;
  // Not by spreading: fields that come on top of that give each intent a shape of its own.
  const fields: Record<string, unknown> = {
    type: DEFAULTS.type,
    extendedHours: DEFAULTS.extendedHours,
  };
  for (const name of Object.getOwnPropertyNames(given)) {
    const read = PLAIN_READERS.get(name);
    if (read === undefined) return undefined;
    const value = given[name];
    if (value === undefined) continue;
    fields[name] = read(value);
    if (fields[name] === undefined) return undefined;
  }
  return fields.symbol === undefined ? undefined : (fields as IntentFields);
}

/** Pairs trade around the clock: the broker takes no order in one that is for a day. */
function usualTimeInForce(symbol: string): TimeInForce {
  return isPair(symbol) ? "gtc" : "day";
}

function effectOfAnchor(anchor: Anchor | undefined): Effect | null {
  if (anchor === undefined) return null;
  return "bar" in anchor ? "open" : "close";
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_intent", message);
}

function describeIssue(input: unknown, error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "the intent is not valid";
  if (issue.code === "unrecognized_keys") {
    return `unknown field ${issue.keys.map((key) => `"${key}"`).join(", ")} in the intent`;
  }
  const path = issue.path.map(String);
  const received = path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | undefined)?.[key],
    input,
  );
  const where = path.length === 0 ? "the intent" : path.join(".");
  return `${where} is ${describe(received)}: ${plainExpectation(issue.message)}`;
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return JSON.stringify(value)?.slice(0, INTENT_TEXT_MAX) ?? typeof value;
}

/** What no single field shows, in the words of the message; undefined when all is well. */
function inconsistency(intent: IntentDraft): string | undefined {
  const { quantity, notional, anchor, effect, portion: part, side } = intent;
  if (isCombo(intent)) return comboInconsistency(intent);
  if (part !== null) return partInconsistency(intent);
  if (side === null) return "side is missing: expected buy or sell";
  if ((quantity === null) === (notional === null)) {
    const received = `quantity is ${given(quantity)} and notional is ${given(notional)}`;
    return `${received}: exactly one of them must be given`;
  }
  if (anchor !== null && "bar" in anchor !== (effect === "open")) {
    const wanted =
      effect === "open" ? "an open takes {bar, stage}" : "a close takes {episode, leg}";
    return `anchor is ${describe(anchor)}: ${wanted}`;
  }
  return priceInconsistency(intent);
}

/** The net price may be of either sign, so it travels with the legs, for the broker to judge. */
function comboInconsistency(intent: IntentDraft): string | undefined {
  const { symbol, side, effect, quantity, extension } = intent;
  if (symbol !== COMBO_SYMBOL || side !== "buy" || effect !== "open" || quantity === null) {
    return `an mleg order is an open buy of a quantity of ${COMBO_SYMBOL}`;
  }
  if (comboLegs(intent) !== undefined) return undefined;
  const wanted =
    "expected two to four, each with symbol, ratio_qty above zero, and side or position_intent";
  return `legs is ${describe(extension?.legs)}: ${wanted}`;
}

/** A part of the position is closed at the market; the book says which side and how much. */
function partInconsistency(intent: IntentDraft): string | undefined {
  const { quantity, notional, side, effect, type, portion: part } = intent;
  if (quantity !== null || notional !== null || side !== null) {
    return `portion is ${part}: quantity, notional and side must be left out`;
  }
  if (effect === "open") return `portion is ${part}: only a close has one`;
  return type === "market" ? undefined : `portion is ${part}: expected a market order, not ${type}`;
}

function priceInconsistency(terms: Omit<OrderTerms, "effect" | "side">): string | undefined {
  // One cancels the other: the prices of both orders are in their legs.
  if (terms.extension?.order_class === "oco") return undefined;
  const { type, limitPrice, stopPrice, trailPrice, trailPercent } = terms;
  const wantsLimit = type === "limit" || type === "stop_limit";
  const wantsStop = type === "stop" || type === "stop_limit";
  if (wantsLimit !== (limitPrice !== null)) return unfit("limitPrice", limitPrice, type);
  if (wantsStop !== (stopPrice !== null)) return unfit("stopPrice", stopPrice, type);
  const trails = [trailPrice, trailPercent].filter((trail) => trail !== null).length;
  if (type !== "trailing_stop") {
    if (trails === 0) return undefined;
    return trailPrice !== null
      ? unfit("trailPrice", trailPrice, type)
      : unfit("trailPercent", trailPercent, type);
  }
  if (trails === 1) return undefined;
  const received = `trailPrice is ${given(trailPrice)} and trailPercent is ${given(trailPercent)}`;
  return `${received}: a trailing_stop order takes exactly one of them`;
}

/** A price that is missing where the type needs it, or there where the type has no use for it. */
function unfit(field: string, value: DecimalText | null, type: string): string {
  const wanted = value === null ? "required" : "not accepted";
  return `${field} is ${given(value)}: ${wanted} for a ${type} order`;
}

function given(value: DecimalText | null): string {
  return describe(value ?? undefined);
}
