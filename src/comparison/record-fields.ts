/**
 * Reads fields of a record whose writer is not known: by any of several names, in the record or in
 * an object inside it. Values that cannot be what their name says are refused, never guessed.
 */
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, parseNumber, signOf } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { Side } from "../identity/intent.ts";

export type Fields = Readonly<Record<string, unknown>>;

const SHOWN_MAX = 60;
const WHOLE_SECONDS = 10;
const WHOLE_MILLISECONDS = 13;
/** Such as `buy`, `sell_to_close` and, in some records of Alpaca's, `sell_short`. */
const SIDE = /^(buy|sell)(?:_|$)/;
const DAY_LENGTH = "2026-05-21".length;
/** A date is its midnight in UTC; a time without an offset would be that of whoever reads it. */
const INSTANT = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d))?$/;

/** One record of a file; `where` names it in messages, such as `claims[3]`. */
export class RecordFields {
  readonly #where: string;
  readonly #places: readonly Fields[];

  /** `places` are the record and the objects in it that are looked into, in this order. */
  constructor(where: string, places: readonly Fields[]) {
    this.#where = where;
    this.#places = places;
  }

  /** The first value with one of these names that says something. */
  value(names: readonly string[]): unknown {
    return this.#found(names)?.value;
  }

  /** Null where there is none, or what is there is neither a text nor a number. */
  text(names: readonly string[]): string | null {
    const value = this.value(names);
    if (typeof value === "number") return String(value);
    return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
  }

  /** An amount of zero or more; throws LatchError `invalid_records` for anything else. */
  amount(names: readonly string[]): DecimalText | null {
    const text = this.text(names);
    if (text === null) return null;
    const amount = parseNumber(text);
    if (amount !== undefined && signOf(amount) >= 0) return amount;
    throw this.fault(names, text, "an amount such as 6 or 0.5");
  }

  /** RFC 3339 text, or seconds or milliseconds since 1970; throws for anything else. */
  time(names: readonly string[]): EpochMs | null {
    const text = this.text(names);
    if (text === null) return null;
    const [whole = "", fraction = ""] = text.split(".");
    if (/^\d+$/.test(whole) && /^\d*$/.test(fraction)) {
      if (whole.length === WHOLE_MILLISECONDS) return Number(whole);
      if (whole.length === WHOLE_SECONDS) return Math.round(Number(text) * 1_000);
    }
    const parsed =
      INSTANT.test(text) && isDay(text.slice(0, DAY_LENGTH)) ? Date.parse(text) : Number.NaN;
    if (Number.isFinite(parsed)) return parsed;
    throw this.fault(names, text, "a time such as 2026-05-21T13:42:00Z");
  }

  side(names: readonly string[]): Side | null {
    const word = this.text(names)?.toLowerCase() ?? "";
    const [, side = null] = SIDE.exec(word) ?? [];
    return side as Side | null;
  }

  fault(names: readonly string[], received: string, expected: string): LatchError {
    const shown = JSON.stringify(received.slice(0, SHOWN_MAX));
    const name = this.#found(names)?.name ?? names[0];
    const message = `${this.#where}: ${name} is ${shown}, expected ${expected}`;
    return new LatchError("invalid_records", message);
  }

  #found(names: readonly string[]): { readonly name: string; readonly value: unknown } | undefined {
    for (const place of this.#places) {
      for (const name of names) {
        const value = Object.hasOwn(place, name) ? place[name] : undefined;
        if (value !== undefined && value !== null && value !== "") return { name, value };
      }
    }
    return undefined;
  }
}

/** Of a day that no month has, JavaScript makes one of the next month. */
function isDay(text: string): boolean {
  const at = Date.parse(text);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}

/** `value` as a JSON object (not an array, not null), or undefined. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
}

export function isFields(value: Fields | undefined): value is Fields {
  return value !== undefined;
}
