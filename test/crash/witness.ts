/**
 * What others know of the programs on a store, and what therefore may not be lost with the power:
 * orders that were sent, claims that clients were told of, events that readers were given. All of
 * it is read from what left the programs; see disk-layer.c.
 */
import { expect } from "vitest";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { DiskNote } from "../disk/platter.ts";
import { foldEvents } from "../ledger/fold.ts";

const ALL_EVENTS = 1_000_000;
const TOLD_CLAIM = /^tradelatch-claim: (\S+)\r$/im;

interface PublishedEvent {
  readonly sequence: number;
  readonly hash: string;
}

export class Witness {
  readonly clientOrderIds = new Set<string>();
  readonly requestIds = new Set<string>();
  /** By sequence; a hash covers all of an event, and all events before it. */
  readonly hashes = new Map<number, string>();

  hear(notes: readonly DiskNote[]): this {
    for (const { type, bytes } of notes) {
      if (type !== "M") continue;
      const text = bytes.toString();
      const body = text.slice(text.indexOf("\r\n\r\n"));
      if (text.startsWith("POST ")) this.clientOrderIds.add(JSON.parse(body).client_order_id);
      else this.#hearAnswer(text, body);
    }
    return this;
  }

  #hearAnswer(text: string, body: string): void {
    const claim = TOLD_CLAIM.exec(text)?.[1];
    if (claim !== undefined) this.requestIds.add(claim);
    if (!body.includes('"previousHash"')) return;
    const { events } = JSON.parse(body) as { readonly events: readonly PublishedEvent[] };
    for (const { sequence, hash } of events) this.hashes.set(sequence, hash);
  }

  /** Whether a ledger has all of it, and agrees with itself. */
  async expectAllIn(ledger: Ledger): Promise<void> {
    const events = await ledger.events({ limit: ALL_EVENTS });
    expect(firstBreak(events)).toBeUndefined();
    const lost = [...this.hashes].filter(([sequence, hash]) => events[sequence - 1]?.hash !== hash);
    expect(lost, "events that were published").toEqual([]);
    const { claims } = foldEvents(events);
    for (const claim of claims) expect(await ledger.claimOf(claim.key)).toEqual(claim);
    const sent = claims.map(({ clientOrderId }) => String(clientOrderId));
    expect(missing(this.clientOrderIds, sent), "orders sent without a claim").toEqual([]);
    const known = claims.map(({ key }) => String(key.requestId));
    expect(missing(this.requestIds, known), "claims that clients were told of").toEqual([]);
  }
}

function missing(told: ReadonlySet<string>, found: readonly string[]): readonly string[] {
  return [...told].filter((name) => !found.includes(name));
}
