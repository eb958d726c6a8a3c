/**
 * The order path: claim, one POST, record, read back.
 *
 * 1. `ledger.claim` decides and is on disk before anything else happens (I2). It rejects: nothing
 *    was sent, and the caller gets the store's error.
 * 2. Only `proceed` leads to a POST (I3); deadline and fencing number are checked right before it.
 * 3. The broker's answer is recorded as it is. No certain answer: the claim is read back until the
 *    broker's records show what happened, without any end by time or count (I4).
 * 4. The caller waits for certainty up to `waitMs`, then gets PENDING.
 *
 * Does not decide (claim/ does), does not read fills (fills/), does not judge refused exits.
 */
import type { Broker } from "../broker/broker.ts";
import { type ClaimDecision, phaseOf } from "../claim/answer.ts";
import type { Claim } from "../claim/claim.ts";
import { isSought } from "../claim/decide-absence.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import type { OwnerId } from "../core/ids.ts";
import type { Intent } from "../identity/intent.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { noteOf } from "./answer-note.ts";
import { sendAttempt } from "./attempt.ts";
import { blockedAnswer, type OrderAnswer, proceedAnswer, standingAnswer } from "./order-answer.ts";
import { ReadBackLoop } from "./read-back-loop.ts";

export interface GatewayPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly owner: OwnerId;
  readonly policy: ClaimPolicy;
  /** How long a caller waits for a certain answer. */
  readonly waitMs: number;
  /** Reads our working orders in `symbol` and books their fills, before a refusal for shares. */
  readonly refreshFills: (symbol: string) => Promise<void>;
  /** Told of failures that no caller waits for. */
  readonly onFailure: (error: unknown, claim: Claim) => void;
}

/** How often a waiting caller looks at the ledger, where another process may own the claim. */
const WATCH_PAUSE_MS = 50;

export class Gateway {
  readonly #ports: GatewayPorts;
  readonly #readBacks: ReadBackLoop;

  constructor(ports: GatewayPorts) {
    this.#ports = ports;
    this.#readBacks = new ReadBackLoop(ports);
  }

  /**
   * One logical action, at most one order. Rejects with a LatchError `store_*` when the claim could
   * not be written; then no order was sent.
   */
  async submit(intent: Intent): Promise<OrderAnswer> {
    const { clock, waitMs } = this.#ports;
    const giveUpAt = clock.now() + waitMs;
    let refreshed = false;
    for (;;) {
      const decision = await this.#claim(intent);
      if (decision.kind === "proceed") {
        return this.#perform(decision.claim, decision.reopened, giveUpAt);
      }
      if (decision.kind === "blocked" && decision.claim === null && !refreshed) {
        refreshed = true;
        await this.#ports.refreshFills(intent.symbol);
        continue;
      }
      if (await this.#movesInTime(decision, giveUpAt)) continue;
      return this.#answered(intent, decision);
    }
  }

  /**
   * Looks after claims that nobody waits for: those of processes that died, and unknown outcomes
   * from before a restart. Sends nothing.
   */
  async tend(claims: readonly Claim[]): Promise<void> {
    const { ledger, clock, policy } = this.#ports;
    for (const claim of claims) {
      const now = clock.now();
      const { postDeadlineMs } = policy;
      const overdue = claim.status === "OPEN" && now >= claim.sendDeadline + postDeadlineMs;
      const current = overdue
        ? (await ledger.record(claim.key, { type: "expiry", postDeadlineMs, now })).claim
        : claim;
      if (isSought(current)) this.#readBacks.start(current);
    }
  }

  /** Ends the reads under way; the claims stay as they are and are taken up again later. */
  close(): Promise<void> {
    return this.#readBacks.close();
  }

  #claim(intent: Intent): Promise<ClaimDecision> {
    const { ledger, owner, clock, policy } = this.#ports;
    return ledger.claim({ intent, owner, policy, now: clock.now() });
  }

  /** Records the answer that changed nothing, and gives it. */
  #answered(intent: Intent, decision: Exclude<ClaimDecision, { kind: "proceed" }>): OrderAnswer {
    const { ledger, clock } = this.#ports;
    ledger.note(noteOf(intent, decision), clock.now());
    if (decision.kind === "blocked") return blockedAnswer(decision.block, decision.claim);
    if (decision.kind === "skip") {
      const { claim, receipt } = decision;
      return { status: "SKIP", requestId: claim.key.requestId, receipt };
    }
    return standingAnswer(decision.claim);
  }

  /** Whether a claim that is not certain yet becomes so while its caller waits. */
  async #movesInTime(decision: ClaimDecision, giveUpAt: EpochMs): Promise<boolean> {
    if (decision.kind !== "pending" || decision.phase === "working") return false;
    return (await this.#watch(decision.claim, giveUpAt)) !== undefined;
  }

  /** The claim once it has left the phase it is in; undefined when it does not in time. */
  async #watch(claim: Claim, giveUpAt: EpochMs): Promise<Claim | undefined> {
    const { ledger, clock } = this.#ports;
    const phase = phaseOf(claim);
    while (clock.now() < giveUpAt) {
      await clock.sleep(Math.min(WATCH_PAUSE_MS, giveUpAt - clock.now()));
      const current = await ledger.claimOf(claim.key);
      if (current === undefined) return undefined;
      if (current.status !== claim.status || phaseOf(current) !== phase) return current;
    }
    return undefined;
  }

  async #perform(claim: Claim, reopened: boolean, giveUpAt: EpochMs): Promise<OrderAnswer> {
    const attempt = await sendAttempt(this.#ports, claim, reopened);
    if (attempt.kind === "answered") return attempt.answer;
    return this.#settleUnknown(attempt.claim, giveUpAt);
  }

  async #settleUnknown(claim: Claim, giveUpAt: EpochMs): Promise<OrderAnswer> {
    const { ledger, clock, broker } = this.#ports;
    this.#readBacks.start(claim);
    const moved = await this.#watch(claim, giveUpAt);
    const { fencing } = claim;
    const answer = moved === undefined ? "pending" : "certain";
    const told = { type: "told", fencing, answer, now: clock.now() } as const;
    const { claim: current } = await ledger.record(claim.key, told);
    if (current.brokerOrderId === null) return standingAnswer(current);
    const lookup = await broker.orderById(current.brokerOrderId);
    return lookup.kind === "found" ? proceedAnswer(current, lookup.order) : standingAnswer(current);
  }
}
