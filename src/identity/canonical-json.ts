/**
 * RFC 8785 canonical JSON, and the SHA-256 over its bytes. Plain values are written here, quickly:
 * every event of the ledger passes. Whatever else a value holds is written by the `canonicalize`
 * package, the reference implementation, which also refuses what JSON cannot hold.
 */
import { hash } from "node:crypto";
import serialize from "canonicalize";
import { InvariantError } from "../core/errors.ts";

/** Deeper than any value of ours; one that leads back to itself ends here. */
const DEPTH_MAX = 32;
/** Texts that stand in JSON as they are. */
const PLAIN_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** The canonical text of `value`; throws InvariantError for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = plainText(value, DEPTH_MAX) ?? serialized(value);
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

/** The text of a value that is plain all through; undefined where the package has to write it. */
function plainText(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case "string":
      return PLAIN_TEXT.test(value) ? `"${value}"` : undefined;
    case "number":
      return Number.isSafeInteger(value) ? String(value) : undefined;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth === 0 || "toJSON" in value) return undefined;
      return Array.isArray(value) ? listText(value, depth) : objectText(value, depth);
    default:
      return undefined;
  }
}

function listText(values: readonly unknown[], depth: number): string | undefined {
  let text = "";
  for (const value of values) {
    const item = plainText(value, depth - 1);
    if (item === undefined) return undefined;
    text += text === "" ? item : `,${item}`;
  }
  return `[${text}]`;
}

function objectText(value: object, depth: number): string | undefined {
  const fields = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(fields).sort()) {
    const field = fields[name];
    if (field === undefined) continue;
    const item = plainText(field, depth - 1);
    if (item === undefined || !PLAIN_TEXT.test(name)) return undefined;
    text += text === "" ? `"${name}":${item}` : `,"${name}":${item}`;
  }
  return `{${text}}`;
}

/** SHA-256 over the UTF-8 bytes of `text`, 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return hash("sha256", text);
}

/** SHA-256 over the canonical JSON of `value`, 64 lower-case hex digits. */
export function canonicalHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
