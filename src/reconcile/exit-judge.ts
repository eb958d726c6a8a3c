/**
 * Finds out what a refused close meant, from the broker's own records, until a verdict is reached.
 *
 * One look asks, in this order: is the order there after all, does another order hold the shares,
 * is an entry of ours still working, and what does the position show. While an entry works, only
 * shares that are held and free are a verdict. Whatever cannot be read says
 * nothing and begins the agreement anew. Sends nothing; only `decide` draws conclusions, in the
 * ledger's transaction.
 */
import { filledAtFound } from "../broker/wire-order.ts";
import { type Claim, isLatched } from "../claim/claim.ts";
import { AGREEMENT_MS, isMalformed, type PositionRead } from "../claim/decide-verdict.ts";
import { hasEnded } from "../claim/evidence.ts";
import { type EpochMs, earliest } from "../core/clock.ts";
import { absolute, isZero, subtract, ZERO } from "../core/decimal.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import { subjectOfClaim } from "../incident/incident.ts";
import { isExplained } from "./explanation.ts";
import { LastMoves } from "./last-moves.ts";
import { type OwnOrdersPorts, readOwnOrders } from "./own-orders.ts";
import { type AgreeingReads, readOf, withRead } from "./position-reads.ts";

interface Question {
  readonly agreeing: AgreeingReads | undefined;
  readonly dueAt: EpochMs;
  readonly pauseMs: number;
}

/** What one look found: a read of the position, or why there is none. */
type Look =
  | { readonly kind: "over" }
  | { readonly kind: "waits"; readonly text: string; readonly next: string }
  | {
      readonly kind: "read";
      readonly read: PositionRead;
      /** When an order in the symbol was last proved absent that may surface yet. */
      readonly absentSince: EpochMs | null;
      /** An entry of ours that is at work; null where none is. */
      readonly entry: Claim | null;
    };

const FIRST_PAUSE_MS = AGREEMENT_MS / 2;
const LONGEST_PAUSE_MS = 30_000;
const READ_AGAIN = "its records are read again";

export class ExitJudge {
  readonly #ports: OwnOrdersPorts;
  readonly #questions = new Map<string, Question>();
  readonly #moves: LastMoves;

  constructor(ports: OwnOrdersPorts) {
    this.#ports = ports;
    this.#moves = new LastMoves(ports);
  }

  /** When the next tick would read something; undefined while no close is in question. */
  nextDueAt(): EpochMs | undefined {
    return earliest([...this.#questions.values()].map(({ dueAt }) => dueAt));
  }

  /** Looks at every refused close of `claims` that is due; call it as often as you like. */
  async tick(claims: readonly Claim[]): Promise<void> {
    const latched = new Map(claims.filter(isLatched).map((claim) => [nameOf(claim), claim]));
    for (const name of this.#questions.keys()) {
      if (!latched.has(name)) this.#questions.delete(name);
    }
    for (const [name, claim] of latched) {
      const question = this.#questions.get(name);
      const now = this.#ports.clock.now();
      if (question !== undefined && now < question.dueAt) continue;
      await this.#pursue(name, claim, question);
    }
  }

  async #pursue(name: string, claim: Claim, question: Question | undefined): Promise<void> {
    const look = await this.#look(claim);
    const { clock } = this.#ports;
    if (look.kind === "over") {
      this.#questions.delete(name);
      return;
    }
    if (look.kind === "waits") await this.#note(claim, look.text, look.next);
    if (look.kind === "read" && look.entry !== null) await this.#noteEntry(claim, look.entry);
    const agreeing =
      look.kind === "read" ? await this.#weigh(claim, question?.agreeing, look) : undefined;
    const grown = Math.min((question?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2, LONGEST_PAUSE_MS);
    const pauseMs =
      agreeing !== undefined && spanOf(agreeing) < AGREEMENT_MS ? FIRST_PAUSE_MS : grown;
    this.#questions.set(name, { agreeing, dueAt: clock.now() + pauseMs, pauseMs });
  }

  async #look(claim: Claim): Promise<Look> {
    const { broker, ledger, clock } = this.#ports;
    const lookup = await broker.orderByClientId(claim.clientOrderId);
    if (lookup.kind === "unknown") {
      return waits(`its client_order_id could not be looked up: ${lookup.reason}`);
    }
    if (lookup.kind === "found") {
      const { order } = lookup;
      const filledAt = filledAtFound(lookup);
      const read = { type: "order", order, source: "read_back", filledAt } as const;
      const { claim: after } = await ledger.record(claim.key, { ...read, now: clock.now() });
      return isLatched(after)
        ? waits(`the order under ${claim.clientOrderId} is another one`)
        : { kind: "over" };
    }
    if (isMalformed(claim)) {
      const nothing = { reads: [], bookNet: ZERO, seenThrough: 0, movedAt: null };
      const command = { ...nothing, fencing: claim.fencing, isExplained: false };
      await ledger.judge(claim.key, { ...command, now: clock.now() });
      return { kind: "over" };
    }
    return (await this.#obstacle(claim)) ?? this.#readBehindEntries(claim);
  }

  /** An order that explains the refusal for as long as it works. */
  async #obstacle(claim: Claim): Promise<Look | undefined> {
    const { refusal } = claim;
    const named = [...(refusal?.relatedOrders ?? []), refusal?.existingOrderId ?? null];
    for (const id of named.filter((one) => one !== null)) {
      const waiting = await this.#waitsFor(claim, id);
      if (waiting !== undefined) return waiting;
    }
    return undefined;
  }

  /**
   * An entry that works explains it as well, and what it fills shows in the position: only that all
   * is held that the book has can be said meanwhile. It may rest for months, and the exit not.
   */
  async #readBehindEntries(claim: Claim): Promise<Look> {
    const { intent } = claim;
    const reading = await this.#ports.broker.orders(
      { status: "open", symbols: [intent.symbol] },
      "read_back",
    );
    if (reading.kind === "unknown") return waits(`open orders are not readable: ${reading.reason}`);
    for (const order of reading.value) {
      if (order.side === intent.side) continue;
      const owner = await this.#ports.ledger.claimOfOrder(claim.key.account, order.brokerOrderId);
      if (owner?.intent.effect === "open") return this.#readPosition(claim, owner);
    }
    return this.#readPosition(claim, null);
  }

  async #waitsFor(claim: Claim, id: BrokerOrderId): Promise<Look | undefined> {
    const { broker, ledger } = this.#ports;
    const lookup = await broker.orderById(id, "read_back");
    if (lookup.kind === "unknown") return waits(`order ${id} is not readable: ${lookup.reason}`);
    if (lookup.kind === "not_found" || hasEnded(lookup.order.status)) return undefined;
    const owner = await ledger.claimOfOrder(claim.key.account, id);
    const whose =
      owner === undefined ? "which no claim of ours made" : `claim ${owner.key.requestId}`;
    return waits(
      `the broker names order ${id} (${lookup.order.status}), ${whose}`,
      "when that order has ended the position is looked at; cancel it if it is not wanted",
    );
  }

  /** The position as it is once our own fills are booked. */
  async #readPosition({ intent }: Claim, entry: Claim | null): Promise<Look> {
    const { broker, clock } = this.#ports;
    const own = await readOwnOrders(this.#ports, intent.symbol);
    if (own.kind !== "read") return waits(`orders are not readable: ${own.reason}`);
    const at = clock.now();
    const lookup = await broker.position(intent.symbol, "read_back");
    if (lookup.kind === "unknown") return waits(`the position is not readable: ${lookup.reason}`);
    const position = lookup.kind === "found" ? lookup.position : undefined;
    return { kind: "read", read: readOf(position, at), absentSince: own.absentSince, entry };
  }

  /** The reads that agree so far, judged once they span enough. */
  async #weigh(
    claim: Claim,
    before: AgreeingReads | undefined,
    { read, absentSince, entry }: Extract<Look, { kind: "read" }>,
  ): Promise<AgreeingReads> {
    const { ledger, clock } = this.#ports;
    const { symbol } = claim.intent;
    const hasLeapt = this.#moves.hasLeaptSince(before?.reads[0]?.at);
    const known = hasLeapt ? undefined : before;
    const agreeing = await withRead(this.#ports, this.#moves, known, symbol, read);
    const { bookNet: net } = agreeing;
    if (spanOf(agreeing) < AGREEMENT_MS) return agreeing;
    const missing = absolute(subtract(net, read.quantity));
    // A verdict on a position that is as the book says moves nothing.
    const { seenThrough } = agreeing;
    const movedAt = isZero(missing)
      ? null
      : await this.#moves.lastIn(symbol, absentSince, seenThrough);
    const explained = await isExplained(this.#ports, claim, missing);
    const { fencing } = claim;
    const isEntryAtWork = entry !== null;
    const seen = { ...agreeing, movedAt, isExplained: explained, isEntryAtWork };
    const { verdict } = await ledger.judge(claim.key, { ...seen, fencing, now: clock.now() });
    if (verdict !== null || isEntryAtWork) return agreeing;
    const shows = `the broker holds ${read.quantity} ${symbol}`;
    if (isZero(missing)) {
      const free = `${shows}, ${read.available} of them free`;
      await this.#note(claim, free, "when the shares are free the exit may be sent again");
    } else {
      const next = "it counts once no order lacks its answer and no fill is younger than 30 s";
      await this.#note(claim, `${shows}, the book ${net}`, next);
    }
    return agreeing;
  }

  #noteEntry(claim: Claim, { key }: Claim): Promise<void> {
    const next =
      "where all is held and free the exit may be sent again, else once that entry has ended; " +
      "cancel it if it is not wanted";
    return this.#note(claim, `the entry ${key.requestId} is still working`, next);
  }

  #note({ key }: Claim, text: string, next: string): Promise<void> {
    const { ledger, clock } = this.#ports;
    return ledger.addEvidence(key.account, subjectOfClaim(key), { text, next }, clock.now());
  }
}

/** A refusal of the claim: reads that were made for an earlier one tell nothing of it. */
function nameOf({ key, fencing }: Claim): string {
  return `${subjectOfClaim(key)} ${fencing}`;
}

/** How far apart the first and the last of them are. */
function spanOf({ reads }: AgreeingReads): number {
  return (reads.at(-1)?.at ?? 0) - (reads[0]?.at ?? 0);
}

function waits(text: string, next = READ_AGAIN): Look {
  return { kind: "waits", text, next };
}
