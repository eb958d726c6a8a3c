/**
 * Finds out what of a strategy's orders has been booked since it last looked, by the claims' own
 * cumulative quantities: each share is told once, however often and by whichever path it came.
 * Watches what the strategy was answered and whatever of its agent group is not settled, another
 * instance's and an earlier process's too, until it is; what was settled between two looks, or
 * filled later than that, the event log tells.
 */
import type { Claim } from "../claim/claim.ts";
import { type ClaimEvent, FILLS } from "../claim/claim-event.ts";
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, divide, isZero, subtract, ZERO } from "../core/decimal.ts";
import type { RequestId } from "../core/ids.ts";
import type { Latch } from "../latch.ts";
import type { StrategyFill } from "./strategy.ts";

/** What of a claim was told. */
interface Told {
  readonly quantity: DecimalText;
  readonly cost: DecimalText;
}

const NOTHING: Told = { quantity: ZERO, cost: ZERO };

/** Claims that are remembered as told, the latest; far more than a session has. */
const REMEMBERED_MAX = 10_000;

/** So many events are read at once. */
const PAGE = 500;

type WatchedLatch = Pick<
  Latch,
  "account" | "agent" | "book" | "claim" | "events" | "lastSequence" | "unsettledClaims"
>;

export class FillWatch {
  readonly #latch: WatchedLatch;
  /** Claims that were settled before are no news, whoever names them. */
  readonly #beganAt: EpochMs;
  readonly #told = new Map<RequestId, Told>();
  readonly #watched = new Set<RequestId>();
  /** The last event that was looked at. */
  #seen = 0;

  constructor(latch: WatchedLatch, beganAt: EpochMs) {
    this.#latch = latch;
    this.#beganAt = beganAt;
  }

  /** What was filled before the start is no news. */
  async begin(): Promise<void> {
    this.#seen = await this.#latch.lastSequence();
    for (const claim of await this.#unsettled()) {
      this.#told.set(claim.key.requestId, toldOf(claim));
    }
  }

  /** An answer named this claim. */
  watch(requestId: RequestId): void {
    this.#watched.add(requestId);
  }

  /** Fills that nobody was told of yet; those in front of a read that fails are given. */
  async *news(): AsyncGenerator<StrategyFill> {
    for (const { key } of await this.#unsettled()) this.watch(key.requestId);
    yield* this.#newsOfWatched();
    await this.#watchFilled();
    yield* this.#newsOfWatched();
  }

  async *#newsOfWatched(): AsyncGenerator<StrategyFill> {
    for (const requestId of this.#watched) {
      const claim = await this.#latch.claim(requestId, this.#latch.agent);
      const fill = claim && (await this.#newFillOf(claim));
      if (claim === undefined || claim.status === "SETTLED") this.#watched.delete(requestId);
      if (fill !== undefined) yield fill;
    }
  }

  async #watchFilled(): Promise<void> {
    const { account, agent } = this.#latch;
    for (;;) {
      const page = await this.#latch.events({ after: this.#seen, limit: PAGE });
      for (const event of page) {
        if (event.subject !== "claim" || !isFill(event.body)) continue;
        const { key } = event;
        if (key.account === account && key.agent === agent) this.watch(key.requestId);
      }
      this.#seen = page.at(-1)?.sequence ?? this.#seen;
      if (page.length < PAGE) return;
    }
  }

  async #unsettled(): Promise<readonly Claim[]> {
    const claims = await this.#latch.unsettledClaims();
    return claims.filter(({ key }) => key.agent === this.#latch.agent);
  }

  #remember(requestId: RequestId, told: Told): void {
    this.#told.delete(requestId);
    this.#told.set(requestId, told);
    if (this.#told.size <= REMEMBERED_MAX) return;
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest);
      return;
    }
  }

  async #newFillOf(claim: Claim): Promise<StrategyFill | undefined> {
    const { requestId } = claim.key;
    const isOld = claim.status === "SETTLED" && claim.openedAt < this.#beganAt;
    const told = this.#told.get(requestId) ?? (isOld ? toldOf(claim) : NOTHING);
    const quantity = subtract(claim.bookedQuantity, told.quantity);
    const { symbol, side, effect, anchor, reason } = claim.intent;
    const book = isZero(quantity) ? undefined : await this.#latch.book(symbol);
    this.#remember(requestId, toldOf(claim));
    if (book === undefined) return undefined;
    return {
      ...{ requestId, symbol, side, effect, quantity, anchor, reason },
      price: divide(subtract(claim.bookedCost, told.cost), quantity),
      book,
    };
  }
}

function isFill({ type }: ClaimEvent): boolean {
  return FILLS.some((fill) => fill === type);
}

function toldOf({ bookedQuantity, bookedCost }: Claim): Told {
  return { quantity: bookedQuantity, cost: bookedCost };
}
