/**
 * What a signature scheme is: it says of a delivery, in the bytes in which it came, whether whoever
 * knows the secret has sent it. A scheme reads headers and bytes, and keeps nothing.
 *
 * 1. The bytes are those of the wire: a body that was parsed and written again has another digest.
 * 2. Every known secret is compared in constant time with every signature that was sent, so that
 *    neither a guess nor a rotation shows in how long it takes.
 * 3. A refusal says which rule was broken and quotes nothing.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { kindOf } from "../guard/guard-input.ts";

export interface Delivery {
  /** The body as it came. */
  readonly rawBody: Uint8Array;
  /** Lower-case names, as Node has them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Why a delivery is not believed. */
export const SIGNATURE_PROBLEMS = {
  missing: "the delivery has no signature",
  malformed: "the signature is not in the form that is expected",
  wrong: "the signature was not made with a secret that is known here",
  too_old: "the signature's time is too long ago",
  from_the_future: "the signature's time is still to come",
} as const satisfies Record<string, string>;

export type SignatureProblem = keyof typeof SIGNATURE_PROBLEMS;

export type SignatureCheck =
  | { readonly kind: "valid" }
  | { readonly kind: "refused"; readonly problem: SignatureProblem };

export interface SignatureScheme {
  /** Whatever it gives but `valid` lets nobody in. */
  check(delivery: Delivery, now: EpochMs): SignatureCheck | Promise<SignatureCheck>;
}

/** One secret, or several while they are being exchanged. */
export type Secrets = string | readonly string[];

/** Providers that sign a time ask for five minutes. */
const DEFAULT_TOLERANCE_MS = 300_000;
/** So many signatures are looked at: two at a time while secrets are exchanged, and room. */
const SIGNATURES_MAX = 10;
const SECRETS_MAX = 10;
const MS_PER_SECOND = 1_000;

/** Throws LatchError `invalid_option` for what is no text, or an empty one. */
export function requireText(field: string, text: unknown, wanted: string): void {
  if (typeof text === "string" && text !== "") return;
  throw new LatchError("invalid_option", `${field} is ${kindOf(text)}: expected ${wanted}`);
}

/** Throws LatchError `invalid_option` where there is none, or an empty one. */
export function secretList(secrets: Secrets): readonly string[] {
  const list: unknown = typeof secrets === "string" ? [secrets] : secrets;
  if (Array.isArray(list) && list.length > 0 && list.length <= SECRETS_MAX) {
    if (list.every((secret) => typeof secret === "string" && secret !== "")) return list;
  }
  const message = `a webhook needs 1 to ${SECRETS_MAX} secrets that are not empty`;
  throw new LatchError("invalid_option", message);
}

/** Throws LatchError `invalid_option` for a tolerance that is none. */
export function toleranceOf(toleranceMs: number | undefined): number {
  if (toleranceMs === undefined) return DEFAULT_TOLERANCE_MS;
  if (Number.isSafeInteger(toleranceMs) && toleranceMs > 0) return toleranceMs;
  const message = `toleranceMs is ${toleranceMs}: expected a whole number of milliseconds over 0`;
  throw new LatchError("invalid_option", message);
}

/** The header's one value; a list where it was sent more than once is none. */
export function headerOf({ headers }: Delivery, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return typeof value === "string" && value !== "" ? value : undefined;
}

export interface SignedContent {
  readonly algorithm: "sha256" | "sha512";
  readonly secrets: readonly (string | Uint8Array)[];
  /** What was signed, in pieces. */
  readonly content: readonly (string | Uint8Array)[];
  readonly encoding: "hex" | "base64";
  /** What was sent; one that fits suffices. */
  readonly signatures: readonly string[];
}

export function checkDigests(signed: SignedContent): SignatureCheck {
  const { algorithm, secrets, content, encoding, signatures } = signed;
  const length = algorithm === "sha256" ? 32 : 64;
  const sent = signatures.slice(0, SIGNATURES_MAX).map((text) => decoded(text, encoding));
  if (!sent.some((bytes) => bytes?.length === length)) return refused("malformed");
  let isOurs = false;
  for (const secret of secrets) {
    const hmac = createHmac(algorithm, secret);
    for (const piece of content) hmac.update(piece);
    const expected = hmac.digest();
    for (const bytes of sent) {
      const isEqual = bytes?.length === length && timingSafeEqual(bytes, expected);
      isOurs = isEqual || isOurs;
    }
  }
  return isOurs ? { kind: "valid" } : refused("wrong");
}

/** Whether a time that was signed, in seconds, is near enough to now. */
export function checkTime(
  text: string | undefined,
  now: EpochMs,
  toleranceMs: number,
): SignatureCheck {
  if (text === undefined || !/^\d{1,12}$/.test(text)) return refused("malformed");
  const ageMs = now - Number(text) * MS_PER_SECOND;
  if (ageMs > toleranceMs) return refused("too_old");
  return ageMs < -toleranceMs ? refused("from_the_future") : { kind: "valid" };
}

export function refused(problem: SignatureProblem): SignatureCheck {
  return { kind: "refused", problem };
}

/** Undefined for what is not written in the encoding: Buffer would take what it can and go on. */
function decoded(text: string, encoding: "hex" | "base64"): Buffer | undefined {
  const form = encoding === "hex" ? /^(?:[0-9a-f]{2})+$/i : /^[A-Za-z0-9+/]+={0,2}$/;
  return form.test(text) ? Buffer.from(text, encoding) : undefined;
}
