/** RFC 8785 canonical JSON, through the `canonicalize` package, and the SHA-256 over its bytes. */
import { createHash } from "node:crypto";
import serialize from "canonicalize";
import { InvariantError } from "../core/errors.ts";

/** The canonical text of `value`; throws InvariantError for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = serialized(value);
  if (text === undefined) throw new InvariantError(`not a JSON value: ${typeof value}`);
  return text;
}

function serialized(value: unknown): string | undefined {
  try {
    return serialize(value);
  } catch (cause) {
    throw new InvariantError(`not a JSON value: ${typeof value}`, { cause });
  }
}

/** SHA-256 over the UTF-8 bytes of `text`, 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** SHA-256 over the canonical JSON of `value`, 64 lower-case hex digits. */
export function canonicalHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
