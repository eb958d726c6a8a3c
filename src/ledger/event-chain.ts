/**
 * The hash chain over the event log: each event's hash covers the hash of the one before of the
 * same account, so that a change or a gap anywhere shows at that place. Anyone can recompute it
 * from an export: `hash` is SHA-256 over the canonical JSON (RFC 8785) of the event without `hash`.
 *
 * The numbers run through the whole log, whatever accounts share it; the hashes through each one's
 * own events, so that those of one account can be verified without the others'.
 */
import type { LedgerEvent } from "../claim/claim-event.ts";
import type { EpochMs } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import { canonicalJson, sha256Hex } from "../identity/canonical-json.ts";
import type { StoredEvent } from "./ledger.ts";

/** What the hash of an account's first event covers in place of a hash before it. */
export const GENESIS_HASH = "0".repeat(64);

/** Behind which event the next one of an account comes. */
export interface ChainHead {
  /** The last event's of the whole log; 0 where there is none. */
  readonly sequence: number;
  /** The last event's of the account; {@link GENESIS_HASH} where it has none. */
  readonly hash: string;
}

/** A log as far as it was read. */
export interface LogEnd {
  readonly sequence: number;
  /** The last hash of each account that has events. */
  readonly hashes: ReadonlyMap<AccountId, string>;
}

export const EMPTY_LOG: LogEnd = { sequence: 0, hashes: new Map() };

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

export function accountOf(event: LedgerEvent): AccountId {
  return event.subject === "book" ? event.account : event.key.account;
}

/** `event` as the next one of its account after `head`. */
export function chainEvent(head: ChainHead, event: LedgerEvent, at: EpochMs): StoredEvent {
  const place = { sequence: head.sequence + 1, at, previousHash: head.hash };
  return { ...event, ...place, hash: sha256Hex(hashedText(event, place)) };
}

type PlaceInChain = Pick<StoredEvent, "sequence" | "at" | "previousHash">;

/** The canonical JSON of `{...event, ...place}`, put together around the body's. */
function hashedText(event: LedgerEvent, place: PlaceInChain): string {
  // With a field that is not known here its order is not known either.
  if (Object.keys(event).length !== EVENT_FIELDS) return canonicalJson({ ...event, ...place });
  const { at, previousHash, sequence } = place;
  const account = event.subject === "book" ? `"account":${canonicalJson(event.account)},` : "";
  const key = event.subject === "book" ? "" : `"key":${canonicalJson(event.key)},`;
  return (
    `{${account}"at":${canonicalJson(at)},"body":${bodyTextOf(event)},${key}` +
    `"previousHash":"${previousHash}","sequence":${canonicalJson(sequence)},` +
    `"subject":"${event.subject}","symbol":${canonicalJson(event.symbol)}}`
  );
}

export type Followed =
  | { readonly kind: "continues"; readonly end: LogEnd }
  /** The number of the first event that is not what has to stand there. */
  | { readonly kind: "breaks"; readonly sequence: number };

/** Whether `events` continue the log that was read up to `from`. */
export function followChain(from: LogEnd, events: readonly StoredEvent[]): Followed {
  const hashes = new Map(from.hashes);
  let before = from.sequence;
  for (const stored of events) {
    const { sequence, at, previousHash, hash, ...event } = stored;
    const account = accountOf(event);
    const head = { sequence: before, hash: hashes.get(account) ?? GENESIS_HASH };
    const expected = chainEvent(head, event, at);
    const continues = sequence === expected.sequence && previousHash === head.hash;
    if (!continues || hash !== expected.hash) return { kind: "breaks", sequence: before + 1 };
    hashes.set(account, hash);
    before = sequence;
  }
  return { kind: "continues", end: { sequence: before, hashes } };
}

/** The number of the first event at which a whole log breaks; undefined where it does nowhere. */
export function firstBreak(events: readonly StoredEvent[]): number | undefined {
  const followed = followChain(EMPTY_LOG, events);
  return followed.kind === "breaks" ? followed.sequence : undefined;
}
