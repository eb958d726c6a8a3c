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

/** `event` as the next one after `head`. */
export function chainEvent(head: ChainHead, event: LedgerEvent, at: EpochMs): StoredEvent {
  const sequence = head.sequence + 1;
  const hash = sha256Hex(`${head.hash}\n${canonicalJson({ ...event, sequence, at })}`);
  return { ...event, sequence, at, previousHash: head.hash, hash };
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
