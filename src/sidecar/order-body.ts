/**
 * A bot's order, in Alpaca's JSON, as an intent. Pure.
 *
 * Values compare by value: `3`, `3.0` and `"3"` are one quantity. The noise that a binary floating
 * point number carries into JSON (`0.30000000000000004`) is taken off; a number that really has
 * more digits than Alpaca takes is left as it is, and refused by the intent's own check. Fields
 * that are not ours to understand travel on unchanged, as part of the order's terms; but not one
 * that is a known field in other letters, which the broker might take for that field. A whole
 * number that cannot be read exactly is refused: two ids would become one, and so two orders.
 */
import { decimal, parseDecimal, QUANTITY_DECIMALS } from "../core/decimal.ts";
import { DEEPEST_JSON, isTooDeep, isWellFormed } from "../core/json-shape.ts";
import { integerThatIsLost } from "../core/json-text.ts";
import { COMBO_SYMBOL } from "../identity/combo.ts";
import type { IntentInput } from "../identity/intent-schema.ts";

export type OrderBody =
  | { readonly kind: "read"; readonly input: IntentInput }
  | { readonly kind: "refused"; readonly message: string };

type Fields = Readonly<Record<string, unknown>>;

const INTENT_FIELDS: Readonly<Record<string, string>> = {
  symbol: "symbol",
  side: "side",
  qty: "quantity",
  notional: "notional",
  type: "type",
  time_in_force: "timeInForce",
  limit_price: "limitPrice",
  stop_price: "stopPrice",
  trail_price: "trailPrice",
  trail_percent: "trailPercent",
  extended_hours: "extendedHours",
  client_order_id: "clientOrderId",
};

const POSITION_INTENT = "position_intent";
const POSITION_INTENTS = /^(buy|sell)_to_(open|close)$/;
/** Fields that hold a number, whatever order class they belong to: `5.00` and `5` are one price. */
const AMOUNT = /(?:^|_)(?:price|percent|qty|notional|trail)$/;

/** A value in JSON, which may have been cut, or a word. */
const QUOTED_OR_WORD = /"(?:[^"\\]|\\.)*(?:"|$)|[A-Za-z]+/g;

/** Of a value that is quoted. */
const SHOWN_CHARACTERS = 256;

/** How far a number may be from its rounding, in parts of itself, to count as noise. */
const NOISE = 1e-14;

/** What is to differ in a replacement, in Alpaca's words, amounts as text. */
export type OrderTerms = Fields;

export type ReadTerms =
  | { readonly kind: "read"; readonly terms: OrderTerms }
  | { readonly kind: "refused"; readonly message: string };

/** Reads the body of a replacement: which terms there are is for the broker to judge. */
export function readTerms(text: string): ReadTerms {
  const read = readFields(text);
  if (read.kind === "refused") return read;
  const entries = Object.entries(read.fields).filter(([, value]) => value !== "");
  return { kind: "read", terms: plainObject(Object.fromEntries(entries)) };
}

export function readOrderBody(text: string): OrderBody {
  const read = readFields(text);
  if (read.kind === "refused") return read;
  if (read.fields.order_class === "mleg") return readCombo(read.fields);
  const { fields } = read;
  const effect = effectOf(fields);
  if (effect === "contradiction") {
    const said = JSON.stringify(fields.position_intent).slice(0, SHOWN_CHARACTERS);
    return refused(`position_intent ${said} does not go with the side`);
  }
  const entries = Object.entries(fields).filter(isGiven);
  const known = entries.flatMap(([name, value]) => {
    const field = Object.hasOwn(INTENT_FIELDS, name) ? INTENT_FIELDS[name] : undefined;
    return field === undefined ? [] : [[field, plainValue(value)] as const];
  });
  const others = entries.filter(([name, value]) => isExtension(name, value));
  const input = {
    ...Object.fromEntries(known),
    ...(effect === undefined ? {} : { effect }),
    ...(others.length === 0 ? {} : { extension: plainObject(Object.fromEntries(others)) }),
  };
  return { kind: "read", input: input as IntentInput };
}

/** A combo has no symbol and no side, and a net price that may be below zero. */
function readCombo({ symbol: _, side: __, ...fields }: Fields): OrderBody {
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== "");
  const { qty, type, time_in_force, client_order_id, ...terms } = plainObject(
    Object.fromEntries(given),
  );
  const named = { quantity: qty, type, timeInForce: time_in_force, clientOrderId: client_order_id };
  const known = Object.entries(named).filter(([, value]) => value !== undefined);
  const input = {
    ...{ symbol: COMBO_SYMBOL, side: "buy", effect: "open", extension: terms },
    ...Object.fromEntries(known),
  };
  return { kind: "read", input: input as unknown as IntentInput };
}

/** An empty text leaves a field out, as null does; but an order without a symbol is none. */
function isGiven([name, value]: readonly [string, unknown]): boolean {
  return value !== null && (value !== "" || name === "symbol");
}

/** What is wrong with an intent, by Alpaca's names of its fields; quoted values stay. */
export function inWireNames(message: string): string {
  return message.replace(QUOTED_OR_WORD, (part) =>
    part.startsWith('"') ? part : wireNameOf(part),
  );
}

/** Alpaca's name of an intent's field, or the name itself where it has no other. */
export function wireNameOf(field: string): string {
  return Object.entries(INTENT_FIELDS).find(([, ours]) => ours === field)?.[0] ?? field;
}

function refused(message: string) {
  return { kind: "refused", message } as const;
}

type ReadFields =
  | { readonly kind: "fields"; readonly fields: Fields }
  | { readonly kind: "refused"; readonly message: string };

function readFields(text: string): ReadFields {
  const fields = jsonObject(text);
  if (fields === undefined) return refused("the body is not a JSON object");
  const lost = integerThatIsLost(text);
  if (lost !== undefined) {
    return refused(`the number ${lost.slice(0, SHOWN_CHARACTERS)} loses digits: send it as a text`);
  }
  const misspelt = Object.keys(fields).find(isMisspelt);
  if (misspelt !== undefined) {
    return refused(`the field ${JSON.stringify(misspelt)} is to be written in small letters`);
  }
  if (isTooDeep(fields)) {
    return refused(`the order is nested more than ${DEEPEST_JSON} levels deep`);
  }
  if (!isWellFormed(fields))
    return refused("the order holds a text that is not well-formed Unicode");
  return { kind: "fields", fields };
}

function jsonObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** What `position_intent` says; undefined leaves it to the book. */
function effectOf({ position_intent: said, side }: Fields) {
  if (said === undefined || said === null || said === "") return undefined;
  const [, saidSide, effect] = (typeof said === "string" && POSITION_INTENTS.exec(said)) || [];
  if (saidSide === undefined || saidSide !== side) return "contradiction";
  return effect === "open" ? "open" : "close";
}

function isKnown(name: string): boolean {
  return Object.hasOwn(INTENT_FIELDS, name) || name === POSITION_INTENT;
}

function isMisspelt(name: string): boolean {
  return !isKnown(name) && isKnown(name.toLowerCase());
}

function isExtension(name: string, value: unknown): boolean {
  if (isKnown(name)) return false;
  return !(name === "order_class" && value === "simple");
}

/** Numbers as text, everywhere: Alpaca takes both, and text compares by value. */
function plainValue(value: unknown): unknown {
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === "object" && value !== null) return plainObject(value as Fields);
  return value;
}

function plainObject(fields: Fields): Fields {
  const entries = Object.entries(fields).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const plain = plainValue(value);
      const amount =
        AMOUNT.test(name) && typeof plain === "string" ? parseDecimal(plain) : undefined;
      return [name, amount ?? plain];
    }),
  );
}

/** The number's shortest text, without the noise of binary fractions. */
function numberText(value: number): string {
  const rounded = Number(value.toFixed(QUANTITY_DECIMALS));
  const isNoise = Math.abs(value - rounded) <= Math.abs(value) * NOISE;
  const text = (isNoise ? rounded : value).toString();
  return text.includes("e") ? exponentText(value) : text;
}

/** JavaScript writes very small and very large numbers with an exponent; an order never does. */
function exponentText(value: number): string {
  const isPlain = Number.isFinite(value) && Math.abs(value) < 1e21;
  return isPlain ? decimal(value.toFixed(QUANTITY_DECIMALS * 2)) : String(value);
}
