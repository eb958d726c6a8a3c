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
import type { AccountId, ClaimKey } from "../core/ids.ts";
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

/**
 * The body that was written last, with its canonical text, which the hash covers and the store
 * keeps: an event is chained, and kept at once.
 */
let lastBody: { readonly body: object; readonly text: string } | undefined;
/** The same for a claim's key: one transaction is about one claim, mostly. */
let lastKey: { readonly key: ClaimKey; readonly text: string } | undefined;

/** The canonical JSON of an event's body. */
export function bodyTextOf({ body }: Pick<LedgerEvent, "body">): string {
  if (lastBody?.body !== body) lastBody = { body, text: canonicalJson(body) };
  return lastBody.text;
}

function keyTextOf(key: ClaimKey): string {
  if (lastKey?.key !== key) lastKey = { key, text: canonicalJson(key) };
  return lastKey.text;
}

export function accountOf(event: LedgerEvent): AccountId {
  return event.subject === "book" ? event.account : event.key.account;
}

/** `event` as the next one of its account after `head`. */
export function chainEvent(head: ChainHead, event: LedgerEvent, at: EpochMs): StoredEvent {
  const sequence = head.sequence + 1;
  const previousHash = head.hash;
  // With a field that is not known here its place in the text is not known either.
  if (Object.keys(event).length !== EVENT_FIELDS) {
    const whole = { ...event, sequence, at, previousHash };
    return { ...whole, hash: sha256Hex(canonicalJson(whole)) };
  }
  // Field by field: an event that is put together out of two objects takes several times as long.
  const { subject, symbol, body } = event;
  const [first, then] =
    subject === "book"
      ? [`"account":${canonicalJson(event.account)},`, ""]
      : ["", `"key":${keyTextOf(event.key)},`];
  const hash = sha256Hex(
    `{${first}"at":${canonicalJson(at)},"body":${bodyTextOf(event)},${then}` +
      `"previousHash":"${previousHash}","sequence":${canonicalJson(sequence)},` +
      `"subject":"${subject}","symbol":${canonicalJson(symbol)}}`,
  );
  switch (subject) {
    case "claim":
      return { subject, key: event.key, symbol, body, sequence, at, previousHash, hash };
    case "book":
      return { subject, account: event.account, symbol, body, sequence, at, previousHash, hash };
    case "guard":
      return { subject, key: event.key, symbol, body, sequence, at, previousHash, hash };
  }
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
