/**
 * The order path: claim, one POST, record, read back.
 *
 * 1. `ledger.claim` decides and is on disk before anything else happens (I2). It rejects: nothing
 *    was sent, and the caller gets the store's error.
 * 2. Only `proceed` leads to a POST (I3); deadline and fencing number are checked right before it.
 * 3. The broker's answer is recorded as it is. No certain answer: the claim is read back until the
 *    broker's records show what happened, without any end by time or count (I4).
 * 4. The caller waits for certainty up to `waitMs`, whatever is under way, and then gets PENDING;
 *    the attempt goes on without it.
 *
 * Does not decide (claim/ does), does not read fills (fills/), does not judge refused exits.
 */
import { setMaxListeners } from "node:events";
import { sameClaim } from "../book/book.ts";
import type { Broker } from "../broker/broker.ts";
import { atLatest } from "../broker/claim-times.ts";
import { type Block, type BlockCode, type ClaimDecision, phaseOf } from "../claim/answer.ts";
import { type Claim, isAccepted, isLatched, isUnanswered, postOverAt } from "../claim/claim.ts";
import { isSought } from "../claim/decide-absence.ts";
import { believedId, type UnreadOrders } from "../claim/decide-claim.ts";
import type { OrderLookup } from "../claim/evidence.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import { isLive } from "../claim/transitions.ts";
import { type Clock, type EpochMs, earliest } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId, OwnerId } from "../core/ids.ts";
import { tradedSymbols } from "../identity/combo.ts";
import type { IntentDraft } from "../identity/intent.ts";
import { isPair } from "../identity/symbol.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { noteOf } from "./answer-note.ts";
import { sendAttempt } from "./attempt.ts";
import { Caller, type GoneSignal } from "./caller.ts";
import { lookAtAll } from "./first-look.ts";
import { LostReplacements } from "./lost-replacements.ts";
import {
  decidedAnswer,
  type OrderAnswer,
  pendingAnswer,
  proceedAnswer,
  standingAnswer,
} from "./order-answer.ts";
import { ReadBackLoop } from "./read-back-loop.ts";
import { type ReplaceAnswer, type ReplaceIntent, replaceOrder } from "./replace-order.ts";

export interface GatewayPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly owner: OwnerId;
  readonly policy: ClaimPolicy;
  /** How long a caller waits for a certain answer. */
  readonly waitMs: number;
  /**
   * Reads our working orders in `symbols` and books their fills, before a refusal for shares; gives
   * those that could not be read.
   */
  readonly refreshFills: (symbols: readonly string[]) => Promise<readonly Claim[]>;
  /** Reads what is held of a pair, where its fee is not in the book yet. */
  readonly learnFee: (symbol: string) => Promise<void>;
  /** Told of each order that was found after its answer was lost. */
  readonly onFound: (lookup: OrderLookup) => void;
  /** Told of failures that no caller waits for. */
  readonly onFailure: (error: unknown, claim: Claim) => void;
}

/** One caller's intent, and what its agent is allowed. */
interface Asked {
  readonly intent: IntentDraft;
  readonly policy: ClaimPolicy;
}

/** Between two tries of writing what the store did not take; doubled up to the longest. */
const WRITE_PAUSE_MS = 250;
const LONGEST_WRITE_PAUSE_MS = 5_000;

/** How often a waiting caller looks at the ledger, where another process may own the claim. */
const WATCH_PAUSE_MS = 50;

/** Between two looks at an order that could not be read, while the caller of another one waits. */
const LOOK_AGAIN_MS = 2_000;

/** Refusals by a book that fills which nobody has read yet may have overtaken. */
const ABOUT_SHARES: ReadonlySet<BlockCode> = new Set<BlockCode>([
  "close_while_flat",
  "close_crosses_zero",
  "close_wrong_side",
  "insufficient_quantity",
  "open_against_position",
  // Behind an order in doubt: reading it may tell, and others may have filled what is to be closed.
  "not_sent",
]);

export class Gateway {
  readonly #ports: GatewayPorts;
  readonly #readBacks: ReadBackLoop;
  readonly #replacements: LostReplacements;
  readonly #stop = new AbortController();
  readonly #callers = new Set<Caller>();
  /** Attempts and submits that have not ended. */
  readonly #underWay = new Set<Promise<unknown>>();
  #nextExpiryAt: EpochMs | undefined;

  constructor(ports: GatewayPorts) {
    this.#ports = ports;
    this.#readBacks = new ReadBackLoop(ports);
    this.#replacements = new LostReplacements(ports);
    setMaxListeners(0, this.#stop.signal);
  }

  /**
   * One logical action, at most one order. Rejects with a LatchError `store_*` when the claim could
   * not be written; then no order was sent. A caller that goes away before its answer (`gone`) is
   * on record as not told; what it began goes on without it. It waits for `waitMs`.
   */
  async submit(
    intent: IntentDraft,
    policy = this.#ports.policy,
    gone?: GoneSignal,
    waitMs = this.#ports.waitMs,
  ): Promise<OrderAnswer> {
    if (this.#stop.signal.aborted) throw new LatchError("store_closed", "the latch is closed");
    const caller = new Caller(this.#ports.clock, waitMs);
    const leave = () => caller.goAway();
    this.#callers.add(caller);
    gone?.addEventListener("abort", leave, { once: true });
    if (gone?.aborted) leave();
    try {
      const answer = await this.#follow(this.#submit({ intent, policy }, caller));
      return await this.#withIncident(intent.symbol, answer);
    } finally {
      gone?.removeEventListener("abort", leave);
      this.#callers.delete(caller);
    }
  }

  /** Replaces a working order, once; rejects as {@link submit} does. */
  async replace(intent: ReplaceIntent): Promise<ReplaceAnswer> {
    if (this.#stop.signal.aborted) throw new LatchError("store_closed", "the latch is closed");
    const { clock, waitMs } = this.#ports;
    const wait = { giveUpAt: clock.now() + waitMs, stop: this.#stop.signal };
    return this.#follow(replaceOrder({ ...this.#ports, ...wait }, intent));
  }

  /**
   * Looks after claims that nobody waits for: those of processes that died, and unknown outcomes
   * from before a restart. Sends nothing.
   */
  async tend(claims: readonly Claim[]): Promise<void> {
    const { ledger, clock, policy } = this.#ports;
    const { postDeadlineMs } = policy;
    const open = claims.filter(({ status }) => status === "OPEN");
    const now = clock.now();
    const isOverdue = (claim: Claim) => now >= this.#postOverAt(claim);
    this.#nextExpiryAt = earliest(
      open.filter((claim) => !isOverdue(claim)).map((claim) => this.#postOverAt(claim)),
    );
    for (const claim of claims) {
      const current =
        claim.status === "OPEN" && isOverdue(claim)
          ? (await ledger.record(claim.key, { type: "expiry", postDeadlineMs, now })).claim
          : claim;
      if (isSought(current)) this.#readBacks.start(current);
    }
    await this.#replacements.tick(claims);
  }

  /**
   * When the claim's POST is over, whoever sends it: another machine may be about to. Who has
   * opened a claim anew, its first time cannot tell.
   */
  #postOverAt(claim: Claim): EpochMs {
    const overAt = postOverAt(claim, this.#ports.policy.postDeadlineMs);
    const isOwn = claim.owner === this.#ports.owner || claim.openedAt !== claim.claimedAt;
    return isOwn ? overAt : atLatest(this.#ports, claim, overAt);
  }

  /**
   * Looks once at every claim that the broker is not known to have, as a start does before it takes
   * an order, and gives those that could not be looked up. What is still unknown afterwards is for
   * {@link tend}.
   */
  async lookAt(claims: readonly Claim[]): Promise<readonly Claim[]> {
    const sought = claims.filter((claim) => isLive(claim.status) && !isAccepted(claim));
    return lookAtAll(this.#ports, sought);
  }

  /** When {@link tend} would next give up on an attempt, or read what became of a replacement. */
  nextDueAt(): EpochMs | undefined {
    return earliest([this.#nextExpiryAt, this.#replacements.nextDueAt()]);
  }

  /**
   * Takes nothing new from the call on, and answers those who wait with what is known. Resolves
   * when the attempts under way have ended, which closing the broker brings about; what became of
   * them is on record as unknown and is taken up again later.
   */
  async close(): Promise<void> {
    this.#stop.abort();
    for (const caller of this.#callers) caller.hurry();
    await this.#readBacks.close();
    // A submit that was in the middle of its claim may yet have begun an attempt.
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
  }

  /** Names what is in question in the symbol; an answer is given also where that is unreadable. */
  async #withIncident(symbol: string, answer: OrderAnswer): Promise<OrderAnswer> {
    const { ledger, account } = this.#ports;
    const query = { symbol, isOpen: true, limit: 1 } as const;
    const [open] = await ledger.incidents(account, query).catch(() => []);
    return open === undefined ? answer : { ...answer, incident: open.id };
  }

  async #submit(asked: Asked, caller: Caller): Promise<OrderAnswer> {
    const { intent } = asked;
    let unread: UnreadOrders;
    if (this.#ports.broker.isTimeGuess()) await this.#hearTime(intent.symbol, caller);
    // A part of the position is a part of what is held now, not of what was last polled; and of a
    // pair less may be held than was bought.
    const asksForPosition = intent.portion !== null || sellsCurrency(intent);
    for (;;) {
      if (asksForPosition) unread ??= await this.#look(intent, caller);
      const decision = await this.#claim(asked, unread);
      if (decision.kind === "proceed") {
        const answer = await this.#proceed(decision.claim, decision.reopened, caller);
        return answer.status === "PENDING" ? { ...answer, isOwnAttempt: true } : answer;
      }
      const isAboutShares = decision.kind === "blocked" && ABOUT_SHARES.has(decision.block.code);
      if (isAboutShares && unread === undefined) {
        unread = await this.#look(intent, caller);
      } else if (await this.#movesInTime(asked, decision, unread, caller)) {
        unread = undefined;
      } else {
        return this.#answered(intent, decision);
      }
    }
  }

  /** Any answer of the broker's tells its time, by which the age of an equal order is judged. */
  async #hearTime(symbol: string, caller: Caller): Promise<void> {
    const read = this.#follow(this.#ports.broker.position(symbol, "read_back"));
    await caller.waitsFor(read);
  }

  /** Reads our working orders in what `intent` trades, as far as the caller waits for that. */
  async #look(intent: IntentDraft, caller: Caller): Promise<readonly Claim[] | "all"> {
    const read = this.#follow(this.#ports.refreshFills(tradedSymbols(intent)));
    if (!(await caller.waitsFor(read))) return "all";
    const unread = await read;
    const { symbol } = intent;
    if (isPair(symbol) && !unread.some(isAccepted)) {
      await caller.waitsFor(this.#follow(this.#ports.learnFee(symbol)));
    }
    return unread;
  }

  #claim({ intent, policy }: Asked, unread: UnreadOrders): Promise<ClaimDecision> {
    const { ledger, owner, clock, broker } = this.#ports;
    const [brokerTime, isTimeGuess] = [broker.brokerTime(), broker.isTimeGuess()];
    const times = { now: clock.now(), brokerTime, isTimeGuess };
    return ledger.claim({ intent, owner, policy, unread, ...times });
  }

  /** Records the answer that changed nothing, and gives it. */
  #answered(
    intent: IntentDraft,
    decision: Exclude<ClaimDecision, { kind: "proceed" }>,
  ): OrderAnswer {
    const { ledger, clock } = this.#ports;
    ledger.note(noteOf(intent, decision), clock.now());
    return decidedAnswer(decision);
  }

  /**
   * Whether what the decision rests on changes while the caller waits: a claim that is not certain
   * yet, another id's order whose own caller is still to be told of it, or an order in doubt that
   * keeps this one back.
   */
  async #movesInTime(
    { intent, policy }: Asked,
    decision: Exclude<ClaimDecision, { kind: "proceed" }>,
    unread: UnreadOrders,
    caller: Caller,
  ): Promise<boolean> {
    if (decision.kind === "blocked") return this.#mayBeKnown(decision.block, unread, caller);
    const { claim } = decision;
    const own = believedId(intent, policy);
    const isAnothers = own !== undefined && own !== claim.key.requestId;
    const waitsToBeTold = isAnothers && claim.told === null;
    const isUncertain = decision.kind === "pending" && decision.phase !== "working";
    if (!waitsToBeTold && !isUncertain) return false;
    const phase = phaseOf(claim);
    const hasMoved = (current: Claim) =>
      current.status !== claim.status || phaseOf(current) !== phase || current.told !== claim.told;
    return (await this.#watch(claim, caller, hasMoved)) !== undefined;
  }

  /** Whether it is worth another look at the order in doubt behind a `not_sent`. */
  async #mayBeKnown(
    { code, cause }: Block,
    unread: UnreadOrders,
    caller: Caller,
  ): Promise<boolean> {
    const order =
      code === "not_sent" && cause !== null && (await this.#ports.ledger.claimOf(cause));
    if (!order) return false;
    const isKnown = (current: Claim) => !isUnanswered(current);
    if (!isKnown(order)) return (await this.#watch(order, caller, isKnown)) !== undefined;
    // One that was answered during the last look can be read by the next.
    if (!wasUnanswered(order, unread)) await caller.sleep(LOOK_AGAIN_MS);
    return caller.isWaiting;
  }

  /** The claim once it has moved; undefined when it does not while its caller waits. */
  async #watch(
    claim: Claim,
    caller: Caller,
    hasMoved: (current: Claim) => boolean,
  ): Promise<Claim | undefined> {
    while (caller.isWaiting) {
      await caller.sleep(WATCH_PAUSE_MS);
      const current = await this.#ports.ledger.claimOf(claim.key);
      if (current === undefined) return undefined;
      if (hasMoved(current)) return current;
    }
    return undefined;
  }

  /** The attempt's answer, or PENDING when the caller's patience ends before it is certain. */
  async #proceed(claim: Claim, reopened: boolean, caller: Caller): Promise<OrderAnswer> {
    const performed = this.#follow(this.#perform(claim, reopened, caller)).finally(() =>
      caller.take(),
    );
    if ((await caller.waitsFor(performed)) || !caller.leave()) return performed;
    performed.catch((error: unknown) => this.#ports.onFailure(error, claim));
    return this.#stillPending(claim);
  }

  async #perform(claim: Claim, reopened: boolean, caller: Caller): Promise<OrderAnswer> {
    const writeLater = (write: () => Promise<unknown>) => {
      this.#follow(this.#untilWritten(write)).catch((error: unknown) => {
        this.#ports.onFailure(error, claim);
      });
    };
    const { ledger, broker, clock, policy, onFailure } = this.#ports;
    // Not by spreading, which would give the ports of each order a shape of their own.
    const stop = this.#stop.signal;
    const ports = { ledger, broker, clock, policy, stop, onFailure, writeLater };
    const attempt = await sendAttempt(ports, claim, reopened, caller);
    if (attempt.kind === "answered") return attempt.answer;
    this.#readBacks.start(attempt.claim);
    return this.#unlessStoreFails(attempt.claim, () => this.#awaitCertainty(attempt.claim, caller));
  }

  /** What is lost by closing meanwhile is read from the broker by the next start. */
  async #untilWritten(write: () => Promise<unknown>): Promise<void> {
    const { clock } = this.#ports;
    let pauseMs = WRITE_PAUSE_MS;
    for (;;) {
      await clock.sleep(pauseMs, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      try {
        await write();
        return;
      } catch (error) {
        if (!(error instanceof LatchError)) throw error;
      }
      pauseMs = Math.min(pauseMs * 2, LONGEST_WRITE_PAUSE_MS);
    }
  }

  /** An order may be at the broker: a store that fails now must not be told as "nothing sent". */
  async #unlessStoreFails(claim: Claim, answer: () => Promise<OrderAnswer>): Promise<OrderAnswer> {
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof LatchError)) throw error;
      this.#ports.onFailure(error, claim);
      return pendingAnswer(claim);
    }
  }

  async #awaitCertainty(claim: Claim, caller: Caller): Promise<OrderAnswer> {
    const { fencing } = claim;
    const isCertain = (current: Claim) =>
      current.fencing !== fencing ||
      isAccepted(current) ||
      isLatched(current) ||
      current.outcome !== null;
    const moved = await this.#watch(claim, caller, isCertain);
    if (moved === undefined) return this.#stillPending(claim);
    const isOurs = moved.fencing === fencing && moved.brokerOrderId !== null;
    const { broker } = this.#ports;
    const lookup = isOurs ? await broker.orderById(moved.brokerOrderId, "read_back") : undefined;
    if (!caller.take()) return this.#stillPending(claim);
    const current = await this.#told(claim, "certain");
    return lookup?.kind === "found" && current.fencing === fencing
      ? proceedAnswer(current, lookup.order, lookup.wire)
      : standingAnswer(current);
  }

  #stillPending(claim: Claim): Promise<OrderAnswer> {
    return this.#unlessStoreFails(claim, async () =>
      standingAnswer(await this.#told(claim, "pending")),
    );
  }

  async #told({ key, fencing }: Claim, answer: "certain" | "pending"): Promise<Claim> {
    const { ledger, clock } = this.#ports;
    const told = { type: "told", fencing, answer, now: clock.now() } as const;
    return (await ledger.record(key, told)).claim;
  }

  #follow<Value>(work: Promise<Value>): Promise<Value> {
    this.#underWay.add(work);
    return work.finally(() => this.#underWay.delete(work));
  }
}

/** Whether it had no answer yet when the others were read. */
function wasUnanswered({ key }: Claim, unread: UnreadOrders): boolean {
  if (unread === undefined || unread === "all") return false;
  return unread.some((one) => sameClaim(one.key, key) && !isAccepted(one));
}

function sellsCurrency({ symbol, side }: IntentDraft): boolean {
  return side === "sell" && isPair(symbol);
}
