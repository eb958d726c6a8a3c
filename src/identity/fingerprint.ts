/**
 * The rest of a request: everything that must be the same when the same request id comes again.
 * Same id, other fingerprint: the caller is told which field differs, and nothing is guessed.
 */
import { canonicalHash, canonicalJson } from "./canonical-json.ts";
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
] as const satisfies readonly (keyof OrderTerms)[];

export type FingerprintField = (typeof FINGERPRINT_FIELDS)[number];

/** A field that differs between two requests under one id. */
export interface FieldDifference {
  readonly field: FingerprintField;
  readonly first: string;
  readonly second: string;
}

/** 64 hex digits that are equal exactly when all terms are equal by value. */
export function fingerprintOf(terms: OrderTerms): string {
  const fields = FINGERPRINT_FIELDS.filter(
    (field) => field !== "extension" || terms[field] !== null,
  );
  return canonicalHash(Object.fromEntries(fields.map((field) => [field, terms[field]])));
}

/** The first field that differs, with both values as text, or undefined when none does. */
export function firstDifference(
  first: OrderTerms,
  second: OrderTerms,
): FieldDifference | undefined {
  const field = FINGERPRINT_FIELDS.find((name) => shown(first, name) !== shown(second, name));
  if (field === undefined) return undefined;
  return { field, first: shown(first, field), second: shown(second, field) };
}

function shown(terms: OrderTerms, field: FingerprintField): string {
  const value = terms[field];
  return typeof value === "object" && value !== null ? canonicalJson(value) : String(value);
}
