/**
 * RFC 8785 canonical JSON, and the SHA-256 over its bytes. Plain values are written here, quickly:
 * every event of the ledger passes. Those that have their names in order already are written by
 * JSON.stringify, whose numbers and texts are the canonical ones; what events are made of is put
 * together in that order. Whatever else a value holds is written by the `canonicalize` package, the
 * reference implementation, which also refuses what JSON cannot hold.
 */
import { hash } from "node:crypto";
import serialize from "canonicalize";
import { InvariantError } from "../core/errors.ts";

/** Deeper than any value of ours; one that leads back to itself ends here. */
const DEPTH_MAX = 32;
/** Texts that stand in JSON as they are. */
const PLAIN_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** How JSON.stringify begins to write half a pair of UTF-16, which has no canonical text. */
const LONE_SURROGATE = "\\ud";

/** The canonical text of `value`; throws InvariantError for what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  const text = orderedText(value) ?? plainText(value, DEPTH_MAX) ?? serialized(value);
  if (text === undefined) throw new InvariantError(`not a JSON value: ${typeof value}`);
  return text;
}

/** The text of a plain value whose names are in order all through; undefined of any other. */
function orderedText(value: unknown): string | undefined {
  if (!isOrdered(value, DEPTH_MAX)) return undefined;
  const text = JSON.stringify(value);
  return text.includes(LONE_SURROGATE) ? undefined : text;
}

function isOrdered(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isSafeInteger(value);
    case "object":
      if (value === null) return true;
      if (depth === 0 || "toJSON" in value) return false;
      return Array.isArray(value)
        ? value.every((item) => isOrdered(item, depth - 1))
        : isOrderedObject(value, depth);
    default:
      return false;
  }
}

function isOrderedObject(value: object, depth: number): boolean {
  // Of other classes JSON.stringify writes some as what they stand for.
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  let before = "";
  // V8 reads the fields of such a loop by their place, whatever the object's shape.
  for (const name in fields) {
    const field = fields[name];
    if (name < before || (field !== undefined && !isOrdered(field, depth - 1))) return false;
    before = name;
  }
  return true;
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
  for (const name of sortedNames(fields)) {
    const field = fields[name];
    if (field === undefined) continue;
    const item = plainText(field, depth - 1);
    const named = namedText(name);
    if (item === undefined || named === undefined) return undefined;
    text += text === "" ? named + item : `,${named}${item}`;
  }
  return `{${text}}`;
}

/** Objects of ours often have their names in order already. */
function sortedNames(fields: object): readonly string[] {
  const names = Object.keys(fields);
  for (let index = 1; index < names.length; index += 1) {
    if ((names[index - 1] as string) > (names[index] as string)) return names.sort();
  }
  return names;
}

/** So many names are remembered; those of events are fewer, and whatever a caller adds is not. */
const NAMES_MAX = 500;
const namedTexts = new Map<string, string>();

/** A field's name as it stands in front of its value; undefined where it is not plain. */
function namedText(name: string): string | undefined {
  const known = namedTexts.get(name);
  if (known !== undefined) return known;
  if (!PLAIN_TEXT.test(name)) return undefined;
  const text = `"${name}":`;
  if (namedTexts.size < NAMES_MAX) namedTexts.set(name, text);
  return text;
}

/** SHA-256 over the UTF-8 bytes of `text`, 64 lower-case hex digits. */
export function sha256Hex(text: string): string {
  return hash("sha256", text);
}

/** SHA-256 over the canonical JSON of `value`, 64 lower-case hex digits. */
export function canonicalHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
