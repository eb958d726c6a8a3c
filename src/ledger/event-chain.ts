/**
 * The hash chain over the event log: each event's hash covers the one before, so that a change or a
 * gap anywhere shows at that place. Anyone can recompute it from an export: SHA-256 over the
 * previous hash, a line feed, and the event's canonical JSON.
 */
import type { LedgerEvent } from "../claim/claim-event.ts";
import type { EpochMs } from "../core/clock.ts";
import { canonicalJson, sha256Hex } from "../identity/canonical-json.ts";
import type { StoredEvent } from "./ledger.ts";

/** What the first event's hash covers in place of a hash before it. */
export const GENESIS_HASH = "0".repeat(64);

export interface ChainHead {
  readonly sequence: number;
  readonly hash: string;
}

export const EMPTY_CHAIN: ChainHead = { sequence: 0, hash: GENESIS_HASH };

/** Subject, symbol, body, and the account or the claim's key. */
const EVENT_FIELDS = 4;

/** The canonical text of each body, which the hash covers and the store keeps. */
const bodyTexts = new WeakMap<object, string>();

/** The canonical JSON of an event's body; written once for each body. */
export function bodyTextOf({ body }: Pick<LedgerEvent, "body">): string {
  const known = bodyTexts.get(body);
  if (known !== undefined) return known;
  const text = canonicalJson(body);
  bodyTexts.set(body, text);
  return text;
}

/** `event` as the next one after `head`. */
export function chainEvent(head: ChainHead, event: LedgerEvent, at: EpochMs): StoredEvent {
  const sequence = head.sequence + 1;
  const hash = sha256Hex(`${head.hash}\n${canonicalEvent(event, sequence, at)}`);
  return { ...event, sequence, at, previousHash: head.hash, hash };
}

/** The canonical JSON of `{...event, sequence, at}`, put together around the body's. */
function canonicalEvent(event: LedgerEvent, sequence: number, at: EpochMs): string {
  const { subject, symbol } = event;
  // With a field that is not known here its order is not known either.
  if (Object.keys(event).length !== EVENT_FIELDS) return canonicalJson({ ...event, sequence, at });
  const before = subject === "book" ? { account: event.account, at } : { at };
  const known = { sequence, subject, symbol };
  const after = subject === "claim" ? { key: event.key, ...known } : known;
  const [head, tail] = [canonicalJson(before).slice(0, -1), canonicalJson(after).slice(1)];
  return `${head},"body":${bodyTextOf(event)},${tail}`;
}

/** The first place at which `events` do not continue `head`; undefined when all of them do. */
export function firstBreak(
  head: ChainHead,
  events: readonly StoredEvent[],
): { readonly sequence: number } | undefined {
  let before = head;
  for (const stored of events) {
    const { sequence, at, previousHash, hash, ...event } = stored;
    const expected = chainEvent(before, event, at);
    const continues = sequence === expected.sequence && previousHash === before.hash;
    if (!continues || hash !== expected.hash) return { sequence: before.sequence + 1 };
    before = { sequence, hash };
  }
  return undefined;
}
