/**
 * The rest of a request: everything that must be the same when the same request id comes again.
 * Same id, other fingerprint: the caller is told which field differs, and nothing is guessed.
 */
import { canonicalJson, sha256Hex } from "./canonical-json.ts";
import type { OrderTerms } from "./intent.ts";

/** Fields in the order in which a difference is reported. */
const FINGERPRINT_FIELDS = [
  "symbol",
  "side",
  "effect",
  "quantity",
  "notional",
  "type",
  "timeInForce",
  "limitPrice",
  "stopPrice",
  "trailPrice",
  "trailPercent",
  "extendedHours",
  "extension",
  "portion",
] as const satisfies readonly (keyof OrderTerms)[];

/** The same in the order of canonical JSON, in which they are hashed. */
const HASHED_FIELDS = [...FINGERPRINT_FIELDS].sort();

export type FingerprintField = (typeof FINGERPRINT_FIELDS)[number];

/** Terms as they are compared: what a request leaves to the book may be null in it. */
type Terms = Readonly<Record<FingerprintField, unknown>>;

/** A field that differs between two requests under one id. */
export interface FieldDifference {
  readonly field: FingerprintField;
  readonly first: string;
  readonly second: string;
}

/** 64 hex digits that are equal exactly when all terms are equal by value. */
export function fingerprintOf(terms: OrderTerms): string {
  const told = HASHED_FIELDS.filter((field) => isTerm(terms, field)).map(
    (field) => `"${field}":${canonicalJson(terms[field])}`,
  );
  return sha256Hex(`{${told.join()}}`);
}

/** The first field that differs, with both values as text, or undefined when none does. */
export function firstDifference(first: Terms, second: Terms): FieldDifference | undefined {
  const field = FINGERPRINT_FIELDS.find((name) => shown(first, name) !== shown(second, name));
  if (field === undefined) return undefined;
  return { field, first: shown(first, field), second: shown(second, field) };
}

/** What a part of the position comes to is no term of the request, and absent terms came later. */
function isTerm(terms: Terms, field: FingerprintField): boolean {
  if (field === "side" || field === "quantity") return terms.portion === null;
  return (field !== "extension" && field !== "portion") || terms[field] !== null;
}

function shown(terms: Terms, field: FingerprintField): string {
  const value = isTerm(terms, field) ? terms[field] : null;
  return typeof value === "object" ? canonicalJson(value) : String(value);
}
