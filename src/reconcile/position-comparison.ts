/**
 * Compares every book with the broker's positions, and reports orders at work that no claim made.
 *
 * A difference counts once two reads ten seconds apart agree on it; before each, our own orders in
 * the symbol are read and their fills booked. A symbol that is missing from the list, or whose
 * entry there cannot be read, is asked for by itself. What a difference comes to is decided in
 * the ledger's transaction (decide-divergence), which concludes nothing while a fill was booked of
 * late.
 */
import type { Logger } from "pino";
import type { Book } from "../book/book.ts";
import type { BrokerPosition } from "../broker/broker.ts";
import { readableIn } from "../broker/wire-order.ts";
import type { Claim } from "../claim/claim.ts";
import { kindOf } from "../claim/decide-divergence.ts";
import { AGREEMENT_MS } from "../claim/decide-verdict.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import type { DivergenceKind, DivergencePolicies, DivergencePolicy } from "../claim/policy.ts";
import { type EpochMs, latest } from "../core/clock.ts";
import { compare, type DecimalText, isZero, ZERO } from "../core/decimal.ts";
import { shownInWords } from "../identity/order-in-words.ts";
import { type Incident, subjectOfClaim, subjectOfPosition } from "../incident/incident.ts";
import { openIncidents } from "../ledger/all-incidents.ts";
import { LastMoves } from "./last-moves.ts";
import { type OwnOrders, type OwnOrdersPorts, readOwnOrders } from "./own-orders.ts";
import { type AgreeingReads, readOf, readSingly, withRead } from "./position-reads.ts";
import { holdsTakenOver } from "./taken-over.ts";
import { type Unread, UnreadPositions } from "./unread-positions.ts";

export interface PositionComparisonPorts extends OwnOrdersPorts {
  readonly log: Logger;
  readonly divergence: DivergencePolicies;
  /** Closes what the book holds in the incident's symbol, once; the incident names the close. */
  readonly flatten: (incident: Incident) => Promise<void>;
}

interface Seen {
  readonly net: DecimalText;
  /**
   * When the book was seen to have moved there, or was seen first: a fill may have moved it just
   * before, in an earlier process too.
   */
  readonly movedAt: EpochMs;
}

/** A difference behind orders that cannot be read for so long is told; most last for less. */
const UNKNOWN_MS = 5 * 60_000;
/** Symbols in question are asked about one after the other, so many in a round at most. */
const SYMBOLS_MAX = 50;

export class PositionComparison {
  readonly #ports: PositionComparisonPorts;
  readonly #agreeing = new Map<string, AgreeingReads>();
  readonly #seen = new Map<string, Seen>();
  readonly #moves: LastMoves;
  readonly #unread: UnreadPositions;
  /** Since when our orders in a symbol in question cannot be read. */
  readonly #unknownSince = new Map<string, EpochMs>();
  /** The symbols in question; whose turn it is next, first. */
  #suspects: readonly string[] = [];
  /** Orders at work without a claim, and since when. */
  readonly #strangers = new Map<string, EpochMs>();
  #readAt: EpochMs | null = null;

  constructor(ports: PositionComparisonPorts) {
    this.#ports = ports;
    this.#moves = new LastMoves(ports);
    this.#unread = new UnreadPositions(ports.log);
  }

  /** Since when, and why, the broker's positions cannot be read as a whole; null where they can. */
  unread(): Unread | null {
    return this.#unread.last();
  }

  /** When the last reading of them began that has shown any; null before the first. */
  readAt(): EpochMs | null {
    return this.#readAt;
  }

  /** One comparison of everything; what cannot be read says nothing. */
  async tick(): Promise<void> {
    const { broker, ledger, account, clock } = this.#ports;
    const at = clock.now();
    const reading = await broker.positions();
    this.#unread.hear(reading, at);
    const listed = reading.kind === "unknown" ? reading.readable : reading.value;
    if (listed === undefined) {
      this.#agreeing.clear();
      return;
    }
    this.#readAt = at;
    const positions = new Map(listed.map((position) => [position.symbol, position]));
    const books = new Map((await ledger.books(account)).map((book) => [book.symbol, book]));
    this.#watch(books, at);
    const open = await openIncidents(ledger, account);
    const told = open.filter(isAboutPosition).map(({ symbol }) => symbol);
    const differ = [...new Set([...positions.keys(), ...books.keys()])].filter(
      (symbol) => !agrees(books.get(symbol), positions.get(symbol)),
    );
    const suspects = new Set([...differ, ...told]);
    for (const symbol of this.#agreeing.keys()) {
      if (!suspects.has(symbol)) this.#agreeing.delete(symbol);
    }
    for (const symbol of this.#unknownSince.keys()) {
      if (!suspects.has(symbol)) this.#unknownSince.delete(symbol);
    }
    for (const symbol of this.#takeTurns(suspects)) {
      await this.#compare(symbol, positions.get(symbol), at, open);
    }
    await this.#lookForStrangers(open);
  }

  /** As many as a round has room for; the others come before them in the next one. */
  #takeTurns(suspects: ReadonlySet<string>): readonly string[] {
    const waiting = this.#suspects.filter((symbol) => suspects.has(symbol));
    const all = [...new Set([...waiting, ...suspects])];
    const turn = all.slice(0, SYMBOLS_MAX);
    this.#suspects = [...all.slice(SYMBOLS_MAX), ...turn];
    return turn;
  }

  /** Remembers when a book was seen to move. */
  #watch(books: ReadonlyMap<string, Book>, at: EpochMs): void {
    for (const [symbol, { net }] of books) {
      const seen = this.#seen.get(symbol);
      const hasMoved = seen === undefined || compare(seen.net, net) !== 0;
      if (hasMoved) this.#seen.set(symbol, { net, movedAt: at });
    }
  }

  async #compare(
    symbol: string,
    listed: BrokerPosition | undefined,
    at: EpochMs,
    incidents: readonly Incident[],
  ): Promise<void> {
    const { ledger, account, clock, divergence } = this.#ports;
    // A symbol that is not listed is flat only where the broker says so.
    const read = listed ? readOf(listed, at) : await readSingly(this.#ports, symbol);
    if (read === undefined) {
      this.#agreeing.delete(symbol);
      return;
    }
    const own = await readOwnOrders(this.#ports, symbol);
    if (own.kind !== "unknown") this.#unknownSince.delete(symbol);
    if (own.kind !== "read" && !this.#isLongUnknown(symbol, own, incidents, at)) {
      this.#agreeing.delete(symbol);
      return;
    }
    const open = incidents.find((one) => one.symbol === symbol && isAboutPosition(one));
    const before = this.#agreeing.get(symbol);
    const agreeing = await withRead(this.#ports, this.#moves, before, symbol, read);
    this.#agreeing.set(symbol, agreeing);
    // Only what two reads agree on is decided about.
    const doAgree = agreeing.reads.length > 1;
    const { seenThrough } = agreeing;
    const absentSince = own.kind === "unknown" ? null : own.absentSince;
    const moved = doAgree ? await this.#moves.lastIn(symbol, absentSince, seenThrough) : null;
    const movedAt = latest([this.#seen.get(symbol)?.movedAt, moved]);
    const kind = (open?.kind ?? kindOf(agreeing.bookNet, read.quantity)) as DivergenceKind;
    const policy = divergence[kind];
    const unknown = own.kind === "read" ? undefined : unknownIn(own);
    // Where that is not known it is not over either.
    const isToClose = (await this.#isToClose(policy, open)) !== false;
    const command = { ...agreeing, movedAt, policy, unknown, isToClose, now: clock.now() };
    const incident = (await ledger.compare(account, symbol, command)) ?? open;
    if (unknown !== undefined || incident === undefined) return;
    const isHeldYet = (await this.#isToClose(policy, incident)) === true;
    if (isHeldYet) await this.#ports.flatten(incident);
  }

  /** Also where an earlier process took the position over and did not come to close it. */
  async #isToClose(
    policy: DivergencePolicy,
    incident: Incident | undefined,
  ): Promise<boolean | "not_known"> {
    if (policy !== "flatten" || incident === undefined) return false;
    const { ledger, account } = this.#ports;
    // A person may have ended it since it was read.
    const known = await ledger.incident(account, incident.id);
    return known?.resolution === null ? holdsTakenOver(this.#ports, incident) : false;
  }

  /**
   * Whether people are to know of a difference behind orders that are not known: at once where they
   * know of each of these, and else once it has lasted.
   */
  #isLongUnknown(
    symbol: string,
    own: Exclude<OwnOrders, { readonly kind: "read" }>,
    incidents: readonly Incident[],
    at: EpochMs,
  ): boolean {
    if (own.kind === "missing") return own.missing.every((claim) => isToldOf(claim, incidents));
    const since = this.#unknownSince.get(symbol) ?? at;
    this.#unknownSince.set(symbol, since);
    return at - since >= UNKNOWN_MS;
  }

  async #lookForStrangers(open: readonly Incident[]): Promise<void> {
    const { broker, ledger, account, clock } = this.#ports;
    const reading = await broker.orders({ status: "open" }, "other");
    const isWhole = reading.kind === "read";
    const list = readableIn(reading);
    if (list === undefined) return;
    const now = clock.now();
    const ours = new Set((await ledger.unsettledClaims(account)).map((one) => one.clientOrderId));
    const strangers = new Map<string, BrokerOrder>();
    for (const order of list.value) {
      if (ours.has(order.clientOrderId) || (await this.#isOurs(order))) continue;
      strangers.set(subjectOf(order), order);
    }
    for (const [subject, order] of strangers) {
      const since = this.#strangers.get(subject) ?? now;
      this.#strangers.set(subject, since);
      const isTold = open.some((one) => one.subject === subject);
      if (isTold || now - since < AGREEMENT_MS) continue;
      // It may be one of ours that was given up as absent.
      await readOwnOrders(this.#ports, order.symbol);
      if (!(await this.#isOurs(order))) await this.#report(subject, order, now);
    }
    // What a list leaves out that is not whole may be there.
    if (isWhole) await this.#forgetGone(open, strangers, now);
  }

  async #forgetGone(
    open: readonly Incident[],
    strangers: ReadonlyMap<string, BrokerOrder>,
    now: EpochMs,
  ): Promise<void> {
    const { ledger, account } = this.#ports;
    for (const subject of this.#strangers.keys()) {
      if (!strangers.has(subject)) this.#strangers.delete(subject);
    }
    for (const { kind, subject } of open) {
      if (kind !== "unknown_order" || strangers.has(subject)) continue;
      const end = { verdict: "order_gone", provenance: "venue" } as const;
      const reason = "the order is at work no more";
      await ledger.endIncident(account, subject, { ...end, reason }, now);
    }
  }

  /** Whether a claim has it, or the order that it replaced and that claim is about to leave. */
  async #isOurs({ brokerOrderId, replaces }: BrokerOrder): Promise<boolean> {
    const { ledger, account } = this.#ports;
    for (const id of replaces === null ? [brokerOrderId] : [brokerOrderId, replaces]) {
      if ((await ledger.claimOfOrder(account, id)) !== undefined) return true;
    }
    return false;
  }

  #report(subject: string, order: BrokerOrder, now: EpochMs): Promise<void> {
    const { ledger, account } = this.#ports;
    const what = `${shownInWords(order)}, ${order.status}`;
    return ledger.beginIncident(
      account,
      order.symbol,
      {
        kind: "unknown_order",
        subject,
        summary: `an order that no claim made is at work: ${what}`,
        next:
          "it is over once the order is at work no more; cancel it if nobody meant it; what it " +
          "fills shows in the position comparison",
      },
      now,
    );
  }
}

function isAboutPosition({ subject, symbol }: Incident): boolean {
  return subject === subjectOfPosition(symbol);
}

function unknownIn({ kind, reason }: Exclude<OwnOrders, { readonly kind: "read" }>): string {
  return kind === "missing" ? reason : `our own orders could not be read: ${reason}`;
}

function isToldOf({ key }: Claim, incidents: readonly Incident[]): boolean {
  return incidents.some(({ subject }) => subject === subjectOfClaim(key));
}

function subjectOf({ brokerOrderId }: BrokerOrder): string {
  return `order ${brokerOrderId}`;
}

function agrees(book: Book | undefined, position: BrokerPosition | undefined): boolean {
  const net = book?.net ?? ZERO;
  return position === undefined ? isZero(net) : compare(net, position.quantity) === 0;
}
