/**
 * The `Idempotency-Key` header, as the IETF's draft has it: one structured-field string, in double
 * quotes. Many clients send it bare, and what is bare and plain is taken as it stands.
 */

export type IdempotencyKey =
  | { readonly kind: "none" }
  | { readonly kind: "key"; readonly value: string }
  | { readonly kind: "malformed"; readonly message: string };

const LONGEST = 255;
/** Visible ASCII; inside the quotes also spaces, and `\"` and `\\` as the two escapes. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/;
const BARE = /^[\x21\x23-\x2b\x2d-\x7e]+$/;

export function readIdempotencyKey(header: string | readonly string[] | undefined): IdempotencyKey {
  if (header === undefined) return { kind: "none" };
  const text = typeof header === "string" ? header.trim() : "";
  const quoted = QUOTED.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, "$1");
  const value = quoted ?? (BARE.test(text) ? text : undefined);
  if (value !== undefined && value.length <= LONGEST) return { kind: "key", value };
  const shown = JSON.stringify(String(header).slice(0, LONGEST));
  const message = `Idempotency-Key is ${shown}: expected one key of 1 to ${LONGEST} characters`;
  return { kind: "malformed", message };
}
