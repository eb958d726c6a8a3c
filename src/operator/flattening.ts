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
import {
  BEING_CLOSED,
  CLOSE_BY_HAND,
  FLATTEN_AGAIN,
  isToBeClosed,
} from "../incident/to-be-closed.ts";
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
  readonly ledger: Pick<Ledger, "addEvidence" | "book" | "claimOf" | "incident">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly submit: (intent: IntentInput) => Promise<OrderAnswer>;
}

/** What became of a close that a person has asked for; null where nothing is held. */
export type CloseAnswer = {
  readonly status: OrderAnswer["status"];
  /** Null where no claim was made. */
  readonly requestId: RequestId | null;
  /** Why nothing was sent, or what is not known yet; null where the broker has taken it. */
  readonly because: string | null;
} | null;

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
      const because = impossibleBecause(error);
      await this.#tell(incident, { text: `no order can close it: ${because}`, next: BY_HAND });
      return undefined;
    }
  }

  /** As a person asks for it, without a pause: what became of it is told with the incident too. */
  async start(incident: Incident): Promise<CloseAnswer> {
    try {
      return await this.#started(incident);
    } catch (error) {
      const because = impossibleBecause(error);
      const text = `no order can close it: ${because}`;
      await this.#note(incident, { text, next: CLOSE_BY_HAND });
      return { status: "BLOCKED", requestId: null, because };
    }
  }

  async #started(incident: Incident): Promise<CloseAnswer> {
    const answer = await this.#close(incident, false);
    if (answer === undefined) return null;
    const { status, requestId } = answer;
    const because = reasonOf(answer);
    if (status === "BLOCKED") {
      await this.#note(incident, { text: `no order was sent: ${because}`, next: FLATTEN_AGAIN });
    } else if (await this.#isToBeClosed(incident)) {
      await this.#note(incident, { text: `the claim ${requestId} closes it`, next: BEING_CLOSED });
    }
    return { status, requestId, because };
  }

  /** It may be closed already. */
  async #isToBeClosed({ id }: Incident): Promise<boolean> {
    const { account, ledger } = this.#ports;
    const now = await ledger.incident(account, id);
    return now?.resolution === null && isToBeClosed(now);
  }

  #note({ subject }: Incident, note: EvidenceNote): Promise<void> {
    const { account, ledger, clock } = this.#ports;
    return ledger.addEvidence(account, subject, note, clock.now());
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

  async #tell(incident: Incident, note: EvidenceNote): Promise<void> {
    if (this.#told.get(incident.id) === note.text) return;
    await this.#note(incident, note);
    this.#told.set(incident.id, note.text);
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

/** Why no order can be made in the symbol; whatever else has failed is thrown again. */
function impossibleBecause(error: unknown): string {
  if (error instanceof LatchError && error.code === "invalid_intent") return error.message;
  throw error;
}

function waitsForExits(book: Book): EvidenceNote {
  const { net, symbol } = book;
  const atWork = reservedQuantity(book);
  return {
    text: `no close is sent: exits at work hold ${atWork} of ${absolute(net)} ${symbol}`,
    next: "it is closed once they have ended; cancel them where they are not wanted",
  };
}

function reasonOf(answer: OrderAnswer): string | null {
  switch (answer.status) {
    case "PROCEED":
      return null;
    case "PENDING":
      return answer.because;
    case "SKIP":
      return `it has ended before: ${answer.receipt.outcome}`;
    case "BLOCKED":
      return answer.message;
  }
}

function pauseAfter(tries: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS);
}
