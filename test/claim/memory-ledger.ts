/**
 * A ledger in memory for the tests of the pure core: it loads, decides, folds and keeps, as the
 * stores do, and remembers every event, so that a test can fold the whole log once more.
 */
import { type Book, emptyBook, episodeOf, sameClaim } from "../../src/book/book.ts";
import type { ClaimDecision } from "../../src/claim/answer.ts";
import { type Claim, wasFilled } from "../../src/claim/claim.ts";
import { type BookEvent, bookOf, type ClaimEvent } from "../../src/claim/claim-event.ts";
import {
  type ClaimCommand,
  decideClaim,
  identify,
  type UnreadOrders,
} from "../../src/claim/decide-claim.ts";
import { decideRecord, type RecordCommand } from "../../src/claim/decide-record.ts";
import {
  decideReplace,
  type ReplaceCommand,
  type ReplaceDecision,
} from "../../src/claim/decide-replace.ts";
import type { BrokerOrder, EvidenceSource, SubmitOutcome } from "../../src/claim/evidence.ts";
import { evolveBook, evolveBookByClaim, evolveClaim } from "../../src/claim/evolve.ts";
import { asksForOrders, unlessInDoubt } from "../../src/claim/orders-in-doubt.ts";
import type { ClaimPolicy } from "../../src/claim/policy.ts";
import { isLive } from "../../src/claim/transitions.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { ClaimKey } from "../../src/core/ids.ts";
import type { Intent } from "../../src/identity/intent.ts";
import { ACCOUNT, OWNER, POLICY, START } from "./builders.ts";

type Logged =
  | { readonly at: number; readonly key: ClaimKey; readonly event: ClaimEvent }
  | { readonly at: number; readonly symbol: string; readonly event: BookEvent };

interface Look {
  /** As a request has it: what its try has not read. */
  readonly unread: UnreadOrders;
  /** The book has said whether the intent opens or closes. */
  readonly isEffectByBook?: boolean;
}

function nameOf({ account, agent, requestId }: ClaimKey): string {
  return JSON.stringify([account, agent, requestId]);
}

/** The order that a command tells of. */
function orderIn(command: RecordCommand): BrokerOrder | undefined {
  if (command.type === "order") return command.order;
  const accepted = command.type === "answer" && command.outcome.kind === "accepted";
  return accepted ? command.outcome.order : undefined;
}

export class MemoryLedger {
  /** In the order in which the claims were made. */
  readonly claims = new Map<string, Claim>();
  readonly books = new Map<string, Book>();
  readonly log: Logged[] = [];
  now = START;
  /** The broker's clock, where a test knows it. */
  brokerTime: number | null = null;
  /** That may be too early. */
  isTimeGuess = false;
  policy: ClaimPolicy;

  constructor(policy: Partial<ClaimPolicy> = {}) {
    this.policy = { ...POLICY, ...policy };
  }

  /** Moves the ledger's time on. */
  after(durationMs: number): this {
    this.now += durationMs;
    return this;
  }

  book(symbol = "TQQQ"): Book {
    return this.books.get(symbol) ?? emptyBook(ACCOUNT, symbol);
  }

  get(key: ClaimKey): Claim {
    const claim = this.claims.get(nameOf(key));
    if (claim === undefined) throw new Error(`no claim ${nameOf(key)}`);
    return claim;
  }

  /** The broker's position as it stood at first start. */
  adopt(net: string, averagePrice: string, symbol = "TQQQ"): this {
    const event: BookEvent = {
      type: "opening_adopted",
      net: decimal(net),
      averagePrice: decimal(averagePrice),
    };
    this.books.set(symbol, evolveBook(this.book(symbol), event));
    this.log.push({ at: this.now, symbol, event });
    return this;
  }

  /** Where a test does not say otherwise its try has just read every order at work. */
  claim(intent: Intent, look: Look = { unread: [] }): ClaimDecision {
    const { unread, isEffectByBook = false } = look;
    const { now, policy, brokerTime, isTimeGuess } = this;
    const times = { now, brokerTime, isTimeGuess };
    const command: ClaimCommand = { intent, owner: OWNER, ...times, policy };
    const identity = identify(intent, this.policy);
    const { requestId, fingerprint } = identity;
    const { account, agent, symbol } = intent;
    const book = this.book(symbol);
    const existing =
      requestId === null ? undefined : this.claims.get(nameOf({ account, agent, requestId }));
    const equals = this.#equals(intent, fingerprint, episodeOf(book, intent.effect));
    const verdict = decideClaim({ book, existing, equals, blocking: undefined }, command);
    const isExit = intent.effect === "close";
    const decided = { verdict, intent, isEffectByBook, isExit, identity, book, unread };
    const { event, decision } = asksForOrders(decided)
      ? unlessInDoubt(decided, this.#unsettled())
      : verdict;
    if (event === null) return decision;
    if (decision.kind !== "proceed") throw new Error(`${decision.kind} came with an event`);
    const after = this.#apply(decision.claim.key, [event]);
    return { ...decision, claim: after };
  }

  #unsettled(): readonly Claim[] {
    return [...this.claims.values()].filter(({ status }) => status !== "SETTLED");
  }

  /** The claim afterwards; undefined when the writer's fencing number was old. */
  record(key: ClaimKey, command: RecordCommand): Claim | undefined {
    const claim = this.get(key);
    const order = orderIn(command);
    const holder = order === undefined ? undefined : this.#holder(order);
    const events = decideRecord(claim, command, holder);
    return events === undefined ? undefined : this.#apply(key, events);
  }

  requestReplace(key: ClaimKey, command: Omit<ReplaceCommand, "now">): ReplaceDecision {
    const claim = this.get(key);
    const book = this.book(claim.intent.symbol);
    const { event, decision } = decideReplace(claim, book, { ...command, now: this.now });
    if (event !== null) this.#apply(key, [event]);
    return decision;
  }

  answer(claim: Claim, outcome: SubmitOutcome, callerWaits = true): Claim | undefined {
    const { fencing } = claim;
    return this.record(claim.key, {
      type: "answer",
      fencing,
      outcome,
      now: this.now,
      callerWaits,
    });
  }

  accept(claim: Claim, order: BrokerOrder, callerWaits = true): Claim {
    return this.answer(claim, { kind: "accepted", order }, callerWaits) ?? this.get(claim.key);
  }

  loseAnswer(claim: Claim): Claim {
    return this.answer(claim, { kind: "ambiguous", reason: "timeout" }) ?? this.get(claim.key);
  }

  read(claim: Claim, order: BrokerOrder, source: EvidenceSource = "poll"): Claim {
    const command = { type: "order", order, source, now: this.now } as const;
    return this.record(claim.key, command) ?? this.get(claim.key);
  }

  notFound(claim: Claim, scope: "single" | "list", readAt = this.now): Claim {
    const command = { type: "not_found", scope, readAt, now: this.now } as const;
    return this.record(claim.key, { ...command, policy: this.policy }) ?? this.get(claim.key);
  }

  conclude(claim: Claim): Claim {
    const { fencing } = claim;
    const command = { type: "not_sent", fencing, reason: "connection refused" } as const;
    return this.record(claim.key, { ...command, now: this.now }) ?? this.get(claim.key);
  }

  /** Ends a latched claim with a verdict. */
  judge(claim: Claim, verdict: ClaimEvent): Claim {
    return this.#apply(claim.key, [verdict, { type: "sealed" }]);
  }

  tell(claim: Claim, answer: "certain" | "pending"): Claim {
    const { fencing } = claim;
    const command = { type: "told", answer, fencing, now: this.now } as const;
    return this.record(claim.key, command) ?? this.get(claim.key);
  }

  /** Proves by the book that the claim's order was never there; moves time on by 20 seconds. */
  proveAbsent(claim: Claim): Claim {
    for (const pause of [0, 10_000, 10_000]) this.after(pause).notFound(claim, "single");
    return this.notFound(claim, "list");
  }

  /** The event types of one claim, in order. */
  story(key: ClaimKey): readonly string[] {
    return this.log.flatMap((entry) =>
      "key" in entry && nameOf(entry.key) === nameOf(key) ? [entry.event.type] : [],
    );
  }

  /** All claims and books, folded from the log alone. */
  replayed(): MemoryLedger {
    const fresh = new MemoryLedger(this.policy);
    for (const entry of this.log) {
      fresh.now = entry.at;
      if ("key" in entry) fresh.#apply(entry.key, [entry.event]);
      else fresh.books.set(entry.symbol, evolveBook(fresh.book(entry.symbol), entry.event));
    }
    return fresh;
  }

  #equals(intent: Intent, fingerprint: string, episode: number): readonly Claim[] {
    const equal = [...this.claims.values()]
      .filter((claim) => claim.key.agent === intent.agent && claim.fingerprint === fingerprint)
      .reverse();
    const here = equal.filter((claim) => claim.episode === episode);
    const wanted = new Set([
      ...equal.filter(({ status }) => isLive(status)),
      ...here.filter(wasFilled),
      ...here.slice(0, 1),
    ]);
    return equal.filter((claim) => wanted.has(claim));
  }

  #holder(order: BrokerOrder): ClaimKey | undefined {
    const claims = [...this.claims.values()];
    return claims.find(({ brokerOrderId }) => brokerOrderId === order.brokerOrderId)?.key;
  }

  #apply(key: ClaimKey, events: readonly ClaimEvent[]): Claim {
    for (const event of events) {
      const before = this.claims.get(nameOf(key));
      const after = evolveClaim(before, key, event, this.now);
      if (before !== undefined && !sameClaim(before.key, after.key)) throw new Error("key moved");
      const symbol = bookOf(event, after.intent.symbol);
      const status = before?.status ?? "NONE";
      this.claims.set(nameOf(key), after);
      this.books.set(symbol, evolveBookByClaim(this.book(symbol), event, status, after));
      this.log.push({ at: this.now, key, event });
    }
    return this.get(key);
  }
}
