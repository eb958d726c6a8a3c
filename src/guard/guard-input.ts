/**
 * What callers give a guard, checked: every text has a bound, is well-formed Unicode, and is no
 * other text by the time it is on record. Throws LatchError `invalid_guard_call`, which names it.
 */
import { types } from "node:util";
import type { JsonValue } from "../claim/guard-action.ts";
import { LatchError, messageOf } from "../core/errors.ts";
import { DEEPEST_JSON, isTooDeep, isWellFormed } from "../core/json-shape.ts";
import type { CloseOptions } from "./guard.ts";

export const GUARD_NAME_MAX = 512;
export const EVIDENCE_MAX = 2_000;
/** Of a result, as JSON in UTF-8. */
const RESULT_BYTES_MAX = 256 * 1_024;
export const GUARD_WAIT_MAX_MS = 30_000;
/** For actions that are under way. */
export const CLOSE_WAIT_MS = 30_000;
const CLOSE_WAIT_MAX_MS = 3_600_000;

/** What is all white space comes of a value that was not there. */
export const NOT_BLANK = /\S/;
const SHOWN = 60;

/** `text`, where it is one of 1 to `longest` characters. */
export function guardName(field: string, text: unknown, longest = GUARD_NAME_MAX): string {
  if (typeof text !== "string") throw invalid(field, typeof text, "expected a text");
  if (text.length === 0) throw invalid(field, "empty", `expected 1 to ${longest} characters`);
  if (text.length > longest) {
    throw invalid(field, `${text.length} characters long`, `expected at most ${longest}`);
  }
  if (!NOT_BLANK.test(text)) throw invalid(field, "blank", "expected more than white space");
  if (isWellFormed(text)) return text;
  throw invalid(field, "not well-formed Unicode", "expected text without half a character");
}

export function optionalName(field: string, text: string | null | undefined): string | null {
  return text === undefined || text === null ? null : guardName(field, text);
}

/**
 * What a verifier or an error's confirmation has said besides its verdict, as it is kept: what was
 * found out counts, in whatever words. `instead` where those are none.
 */
export function evidenceOf(said: unknown, instead: string): string {
  const kept = typeof said === "string" ? said.slice(0, EVIDENCE_MAX) : "";
  // By way of its bytes, since the cut may leave half a character.
  return NOT_BLANK.test(kept) ? Buffer.from(kept).toString() : instead;
}

/** The number of an attempt; null where none is given. */
export function optionalFencing(fencing: number | undefined): number | null {
  if (fencing === undefined) return null;
  if (Number.isInteger(fencing) && fencing >= 1) return fencing;
  throw invalid("fencing", String(fencing), "expected a whole number from 1");
}

export function optionalBoolean(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw invalid(name, kindOf(value), "expected true or false");
}

/** Whole milliseconds from 0 to `longestMs`. */
export function guardWait(waitMs: number, longestMs = GUARD_WAIT_MAX_MS): number {
  if (Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= longestMs) return waitMs;
  throw invalid("waitMs", String(waitMs), `expected 0 to ${longestMs} milliseconds`);
}

/** How long a close waits: milliseconds from 0 to an hour. */
export function closeWait(options: CloseOptions = {}): number {
  requireFields(options, { waitMs: true });
  return guardWait(options.waitMs ?? CLOSE_WAIT_MS, CLOSE_WAIT_MAX_MS);
}

export type ReadJson =
  | { readonly kind: "json"; readonly value: JsonValue }
  /** Why it cannot be kept, in words that go on after "the result". */
  | { readonly kind: "unusable"; readonly problem: string };

type Replacer = (this: unknown, name: string, member: unknown) => unknown;

/** `value` as JSON holds it; nothing at all is null. */
export function readJson(value: unknown, replacer?: Replacer): ReadJson {
  // As JSON it is an empty object, the same for every one.
  if (value instanceof Promise) return { kind: "unusable", problem: "is a promise: await it" };
  let text: string | undefined;
  try {
    text = value === undefined ? "null" : JSON.stringify(value, replacer);
  } catch (error) {
    return { kind: "unusable", problem: `is not JSON: ${messageOf(error).slice(0, SHOWN)}` };
  }
  if (text === undefined) return { kind: "unusable", problem: `is not JSON: ${typeof value}` };
  const bytes = Buffer.byteLength(text);
  if (bytes > RESULT_BYTES_MAX) {
    return { kind: "unusable", problem: `has ${bytes} bytes, more than ${RESULT_BYTES_MAX}` };
  }
  const read = JSON.parse(text) as JsonValue;
  if (isTooDeep(read)) {
    return { kind: "unusable", problem: `is nested more than ${DEEPEST_JSON} levels deep` };
  }
  if (isWellFormed(read)) return { kind: "json", value: read };
  return { kind: "unusable", problem: "holds text that is not well-formed Unicode" };
}

/** The same of what a caller sends; nothing is kept of what cannot be. */
export function guardJson(field: string, value: unknown, replacer?: Replacer): JsonValue {
  const read = readJson(value, replacer);
  if (read.kind === "json") return read.value;
  throw new LatchError("invalid_guard_call", `${field} ${read.problem}`);
}

/**
 * The same of what is compared with what comes later: what JSON would leave out is refused, since
 * two that differ in it would count as one.
 */
export function comparedJson(field: string, value: unknown): JsonValue {
  let lost: string | undefined;
  const json = guardJson(field, value, function (name, member) {
    lost ??= leftOut((this as Readonly<Record<string, unknown>>)[name], member);
    return member;
  });
  if (lost === undefined) return json;
  const remedy = "give it as text, or as a plain object";
  throw new LatchError(
    "invalid_guard_call",
    `${field} holds ${lost}, of which JSON keeps nothing: ${remedy}`,
  );
}

/** What JSON writes as nothing; undefined where it writes what there is. */
function leftOut(given: unknown, written: unknown): string | undefined {
  if (typeof written === "number") return Number.isFinite(written) ? undefined : String(written);
  if (types.isDate(given) && Number.isNaN(given.getTime())) return "a date that is none";
  if (typeof written !== "object" || written === null || Object.keys(written).length > 0) return;
  const isEmpty = Array.isArray(written) || types.isTypedArray(written) || isPlain(written);
  return isEmpty || types.isBoxedPrimitive(written) ? undefined : withArticle(classOf(written));
}

/** Of whichever realm: some test runners and plug-ins have objects of their own. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function classOf(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name.slice(0, SHOWN) : "object of a class";
}

function withArticle(name: string): string {
  return `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`;
}

/** What a call has no effect by is not left out in silence: it may be `outcome`, misspelt. */
export function requireFields<Input extends object>(
  input: Input,
  known: Readonly<Record<keyof Input, unknown>>,
  code: "invalid_guard_call" | "invalid_option" = "invalid_guard_call",
): void {
  const unknown = Object.keys(input).find((field) => !Object.hasOwn(known, field));
  if (unknown === undefined) return;
  const expected = `expected ${Object.keys(known).join(", ")}`;
  const message = `unknown field ${JSON.stringify(unknown)}: ${expected}`;
  throw new LatchError(code, message);
}

/** Throws LatchError `code` for what is not a function. */
export function requireFunction(
  code: "invalid_guard_call" | "invalid_option",
  name: string,
  value: unknown,
): void {
  if (typeof value === "function") return;
  throw new LatchError(code, `${name} is ${kindOf(value)}: expected a function`);
}

/** What sort of value it is; a text is not quoted, since it may be a secret. */
export function kindOf(value: unknown): string {
  if (value === "") return "empty";
  if (value === undefined || value === null || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function invalid(field: string, received: string, expected: string): LatchError {
  return new LatchError("invalid_guard_call", `${field} is ${received}: ${expected}`);
}
