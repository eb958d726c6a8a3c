/**
 * What an event's hash covers, and which event it follows: the two rules of the chain, on which all
 * of audit/ rests. A stranger finds them in docs/AUDIT.md.
 */
import type { AccountId } from "../core/ids.ts";
import { chainEvent } from "../ledger/event-chain.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

export function accountOf(event: StoredEvent): AccountId {
  return event.subject === "claim" ? event.key.account : event.account;
}

/** The chain that an event belongs to; each event has the hash of the one before it there. */
export function chainOf(_event: StoredEvent): string {
  return "";
}

/** The hash that an event with this content has. */
export function hashOf(stored: StoredEvent): string {
  const { sequence, at, previousHash, hash: _, ...event } = stored;
  return chainEvent({ sequence: sequence - 1, hash: previousHash }, event, at).hash;
}
