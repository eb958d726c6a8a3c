/**
 * The lines of an export: canonical JSON, one event or checkpoint each, ended by a line feed; where
 * it is of one account alone, the first line says of which. Only the canonical text of a value is
 * taken, so that no byte of a file can be another one.
 */
import type { AccountId } from "../core/ids.ts";
import { isTooDeep, isWellFormed } from "../core/json-shape.ts";
import { canonicalJson } from "../identity/canonical-json.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import { type Checkpoint, readCheckpoint } from "./checkpoint.ts";

export type ExportLine =
  | { readonly kind: "event"; readonly event: StoredEvent }
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint }
  | { readonly kind: "account"; readonly account: AccountId }
  /** Why it is none of them, in words that go on after "the line"; `hasEnd`: its line feed. */
  | { readonly kind: "unreadable"; readonly because: string; readonly hasEnd: boolean };

/** No event is longer; an order's body has a bound far below. */
const LINE_BYTES_MAX = 16 * 1_024 * 1_024;
/** An order's own levels, and those of the event around it. */
const DEPTH_MAX = 30;
const LINE_FEED = 0x0a;
const IS_NEITHER = "is neither an event nor a checkpoint";

/** The first line of an export of one account. */
export interface AccountLine {
  readonly type: "account";
  readonly version: 1;
  readonly account: AccountId;
}

export function lineOf(value: StoredEvent | Checkpoint | AccountLine): string {
  return `${canonicalJson(value)}\n`;
}

/** The bytes of each line with its end; what is longer than any line comes in pieces. */
export async function* linesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to !== -1; to = chunk.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([...parts, chunk.subarray(from, to + 1)]);
      [parts, length, from] = [[], 0, to + 1];
    }
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length <= LINE_BYTES_MAX) continue;
    yield Buffer.concat(parts);
    [parts, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(parts);
}

export function readLine(bytes: Buffer): ExportLine {
  const hasEnd = bytes.at(-1) === LINE_FEED;
  const unreadable = (because: string) => ({ kind: "unreadable", because, hasEnd }) as const;
  if (!hasEnd) return unreadable("has no end");
  let text: string;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    text = decoder.decode(bytes.subarray(0, -1));
  } catch {
    return unreadable("is not UTF-8");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable("is not JSON");
  }
  if (isTooDeep(value, DEPTH_MAX) || !isWellFormed(value)) return unreadable(IS_NEITHER);
  if (canonicalJson(value) !== text) return unreadable("is not in its canonical form");
  const checkpoint = readCheckpoint(value);
  if (checkpoint !== undefined) return { kind: "checkpoint", checkpoint };
  if (isAccountLine(value)) return { kind: "account", account: value.account };
  return isEvent(value) ? { kind: "event", event: value } : unreadable(IS_NEITHER);
}

/** Whether the line is one of an export, or what is left of one that was changed or broke off. */
export function resemblesLine(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  return /"(?:previousHash|signature)"\s*:|^\s*\{\s*"(?:accounts?|at)"\s*:/.test(text);
}

function isAccountLine(value: unknown): value is AccountLine {
  if (typeof value !== "object" || value === null) return false;
  const { type, version, account, ...others } = value as Record<string, unknown>;
  const isWhole = Object.keys(others).length === 0;
  return type === "account" && version === 1 && typeof account === "string" && isWhole;
}

/** Whether the chain's own fields are there; the hash covers whatever else there is. */
function isEvent(value: unknown): value is StoredEvent {
  if (typeof value !== "object" || value === null) return false;
  const { subject, key, account, sequence, hash, previousHash } = value as Record<string, unknown>;
  if (![hash, previousHash].every((text) => typeof text === "string")) return false;
  if (!Number.isSafeInteger(sequence)) return false;
  if (subject === "book") return typeof account === "string";
  const isClaims = subject === "claim" || subject === "guard";
  const ofClaim = isClaims && typeof key === "object" && key !== null;
  return ofClaim && typeof (key as Record<string, unknown>).account === "string";
}
