/**
 * Reading JSON without passing its numbers through binary floating point: every number literal
 * comes out as its text, so that `3.0`, `3` and `"3"` can be compared as decimals.
 */
import { Decimal } from "decimal.js";
import { isTooDeep } from "../core/json-shape.ts";

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export type Json = null | boolean | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** The value of `text` with numbers as text; undefined when it is not JSON, or has no bottom. */
export function parseExactJson(text: string): Json | undefined {
  try {
    // Only text that is valid as it stands may be rewritten: quoting would mend `01`.
    if (isTooDeep(JSON.parse(text))) return undefined;
    return JSON.parse(text.replace(STRING_OR_NUMBER, quoted)) as Json;
  } catch {
    return undefined;
  }
}

/** The value of `text` as JSON.parse sees it, or the text itself when it is not JSON. */
export function parseForLog(text: string): unknown {
  if (text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isTooDeep(value) ? text : value;
  } catch {
    return text;
  }
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quoted(token: string): string {
  if (token.startsWith('"')) return token;
  return `"${/e/i.test(token) ? new Decimal(token).toFixed() : token}"`;
}
