/**
 * Takes in everything that a ledger holds and says whether it is whole: the chain of its events
 * goes through to the last one, there are as many values as the store counts, and every claim and
 * incident was begun by an event. Two ledgers hold the same if their digests are equal.
 *
 * What it keeps does not grow with the ledger.
 */
import { createHash, type Hash } from "node:crypto";
import { LatchError } from "../core/errors.ts";
import { canonicalJson } from "../identity/canonical-json.ts";
import { type ChainHead, EMPTY_LOG, followChain, GENESIS_HASH } from "./event-chain.ts";
import type { StoredEvent } from "./ledger.ts";
import type { ContentBatch, ContentCounts } from "./ledger-content.ts";

export class ContentCheck {
  readonly #place: string;
  readonly #digest: Hash = createHash("sha256");
  readonly #counts = {
    ...{ accounts: 0, logins: 0, events: 0, claims: 0, guardClaims: 0 },
    ...{ books: 0, incidents: 0, checkpoints: 0 },
  };
  readonly #begun = { claims: 0, guardClaims: 0, incidents: 0 };
  #end = EMPTY_LOG;
  #last: ChainHead = { sequence: 0, hash: GENESIS_HASH };

  constructor(place: string) {
    this.#place = place;
  }

  /** Throws LatchError `store_corrupt` where the chain breaks, or ends before a checkpoint does. */
  take(batch: ContentBatch): void {
    if (batch.kind === "events") this.#follow(batch.values);
    if (batch.kind === "checkpoints") this.#refuseCutOff(batch.values.at(-1)?.sequence ?? 0);
    this.#counts[batch.kind] += batch.values.length;
    for (const value of batch.values) {
      this.#digest.update(`${batch.kind} ${canonicalJson(value)}\n`);
    }
  }

  /**
   * Once all is taken in: what it comes to. Throws LatchError `store_corrupt` where the store
   * counts otherwise, or has claims or incidents that no event has begun, or has lost some.
   */
  end(counted: ContentCounts): {
    /** The last event. */
    readonly head: ChainHead;
    readonly counts: ContentCounts;
    readonly digest: string;
  } {
    const [found, said] = [canonicalJson(this.#counts), canonicalJson(counted)];
    if (found !== said) throw this.#damaged(`it counts ${said} and holds ${found}`);
    for (const kind of ["claims", "guardClaims", "incidents"] as const) {
      const [begun, held] = [this.#begun[kind], this.#counts[kind]];
      if (begun !== held)
        throw this.#damaged(`its events tell of ${begun} ${kind}, it has ${held}`);
    }
    return { head: this.#last, counts: { ...this.#counts }, digest: this.#digest.digest("hex") };
  }

  #follow(events: readonly StoredEvent[]): void {
    const followed = followChain(this.#end, events);
    if (followed.kind === "breaks") {
      throw this.#damaged(`its chain breaks at event ${followed.sequence}`);
    }
    this.#end = followed.end;
    const last = events.at(-1);
    if (last !== undefined) this.#last = { sequence: last.sequence, hash: last.hash };
    for (const { body } of events) {
      if (body.type === "claimed" || body.type === "leg_adopted") this.#begun.claims += 1;
      if (body.type === "guard_claimed") this.#begun.guardClaims += 1;
      if (body.type === "incident_opened") this.#begun.incidents += 1;
    }
  }

  /** They come behind the events. What a checkpoint has counted was there. */
  #refuseCutOff(signed: number): void {
    const { sequence } = this.#last;
    if (signed <= sequence) return;
    throw this.#damaged(`it has ${sequence} events, and a checkpoint is about event ${signed}`);
  }

  #damaged(what: string): LatchError {
    return new LatchError("store_corrupt", `the ledger ${this.#place} is damaged: ${what}`);
  }
}
