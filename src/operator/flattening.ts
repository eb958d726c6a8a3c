/**
 * Closes what a book holds because an incident says so, by claims like any other whose ids are the
 * incident's. One close at a time: the next one only where the last has ended for good, and what is
 * held is not gone. Between two of them the pauses grow, unless a person asks for the next.
 */
import type { Logger } from "pino";
import { type Book, isFlat, reservedQuantity } from "../book/book.ts";
import { mayReopen } from "../claim/decide-claim.ts";
import type { Clock } from "../core/clock.ts";
import { absolute, isZero } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId, AgentId, RequestId } from "../core/ids.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import { closeRequestOf, type Incident } from "../incident/incident.ts";
import type { EvidenceNote, Ledger } from "../ledger/ledger.ts";

/** A close, the first or the next one, by its id. */
interface Try {
  readonly requestId: RequestId;
  /** Nobody has asked for it yet. */
  readonly isNew: boolean;
}

export interface FlatteningPorts {
  readonly account: AccountId;
  readonly agent: AgentId;
  readonly ledger: Pick<Ledger, "addEvidence" | "book" | "claimOf">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly submit: (intent: IntentInput) => Promise<OrderAnswer>;
}

const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 15 * 60_000;
const BY_HAND = "close it at the broker by hand, where it is not wanted; then adopt what is held";

export class Flattening {
  readonly #ports: FlatteningPorts;
  /** By incident, why this process has told that no order is sent. */
  readonly #told = new Map<number, string>();

  constructor(ports: FlatteningPorts) {
    this.#ports = ports;
  }

  /**
   * For as long as it is asked for; undefined where nothing is held, the next try has time, other
   * exits hold the shares, or no order can be made in the symbol: that must not keep others from
   * being looked at.
   */
  async goOn(incident: Incident): Promise<OrderAnswer | undefined> {
    try {
      return await this.#close(incident, true);
    } catch (error) {
      if (!(error instanceof LatchError) || error.code !== "invalid_intent") throw error;
      await this.#tell(incident, {
        text: `no order can close it: ${error.message}`,
        next: BY_HAND,
      });
      return undefined;
    }
  }

  /** As a person asks for it, without a pause; undefined where nothing is held. */
  async start(incident: Incident): Promise<OrderAnswer | undefined> {
    return this.#close(incident, false);
  }

  async #close(incident: Incident, hasTime: boolean): Promise<OrderAnswer | undefined> {
    const { account, ledger, log, submit } = this.#ports;
    const { id, symbol } = incident;
    const book = await ledger.book(account, symbol);
    if (isFlat(book)) return undefined;
    const next = await this.#nextTry(incident, hasTime);
    if (next === undefined) return undefined;
    const { requestId, isNew } = next;
    // It would be refused each time, for as long as the others rest.
    if (hasTime && isNew && !isZero(reservedQuantity(book))) {
      await this.#tell(incident, waitsForExits(book));
      return undefined;
    }
    const answer = await submit({ symbol, portion: "all", requestId, reason: `incident ${id}` });
    log.warn({ incident: id, symbol, status: answer.status }, "a position is being closed");
    return answer;
  }

  async #tell({ id, subject }: Incident, note: EvidenceNote): Promise<void> {
    if (this.#told.get(id) === note.text) return;
    const { account, ledger, clock } = this.#ports;
    await ledger.addEvidence(account, subject, note, clock.now());
    this.#told.set(id, note.text);
  }

  async #nextTry(incident: Incident, hasTime: boolean): Promise<Try | undefined> {
    const { account, agent, ledger, clock } = this.#ports;
    let dueAt = 0;
    for (let tries = 1; ; tries += 1) {
      const requestId = closeRequestOf(incident, tries) as RequestId;
      const claim = await ledger.claimOf({ account, agent, requestId });
      const isOver = claim?.status === "SETTLED" && !mayReopen(claim);
      if (!isOver) {
        const isDue = !hasTime || clock.now() >= dueAt;
        return isDue ? { requestId, isNew: claim === undefined } : undefined;
      }
      dueAt = (claim.certainAt ?? claim.openedAt) + pauseAfter(tries);
    }
  }
}

function waitsForExits(book: Book): EvidenceNote {
  const { net, symbol } = book;
  const atWork = reservedQuantity(book);
  return {
    text: `no close is sent: exits at work hold ${atWork} of ${absolute(net)} ${symbol}`,
    next: "it is closed once they have ended; cancel them where they are not wanted",
  };
}

function pauseAfter(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}
