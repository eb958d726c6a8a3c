/**
 * When what a position may not show yet last happened, by the event log: a fill of late, or an
 * order that was proved absent of late and may surface yet. A book that has come back to the
 * quantity that it had looks as if it had not moved. How long ago that was, nobody knows where the
 * clock was set forward in between: then it counts as just now. What another machine has noted,
 * whose clock is behind ours, was later than it says.
 *
 * Whether a book has moved since an event, the log tells by its numbers, which no clock moves.
 */
import { atLatest, type ClaimTimePorts } from "../broker/claim-times.ts";
import { FILLS, MOVES } from "../claim/claim-event.ts";
import { type EpochMs, latest } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import { LeapWatch } from "../core/leap-watch.ts";
import type { EventScan, Ledger, StoredEvent } from "../ledger/ledger.ts";

export interface LastMovesPorts extends ClaimTimePorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
}

/** On record with a time that is yet to come, by the clock of a machine that was ahead of this. */
interface MoveAhead {
  readonly recordedAt: EpochMs;
  /** It had happened by then. */
  readonly metAt: EpochMs;
}

type Stretch = Pick<EventScan, "types" | "after" | "before">;

/** How far apart two clocks are is told in whole milliseconds, not each time in the same ones. */
const ROUNDED_MS = 10;
/** So many looks go back over more events than the busiest half a minute has. */
const LOOKS_MAX = 50;

export class LastMoves {
  readonly #ports: LastMovesPorts;
  readonly #leaps: LeapWatch;
  readonly #ahead = new Map<string, MoveAhead>();

  constructor(ports: LastMovesPorts) {
    this.#ports = ports;
    this.#leaps = new LeapWatch(ports.clock);
  }

  /** Whether the clock was set forward since then, so that it tells nothing of how long ago. */
  hasLeaptSince(at: EpochMs | undefined): boolean {
    const leaptAt = this.#leaps.lastLeap();
    return leaptAt !== null && at !== undefined && at < leaptAt;
  }

  /**
   * No later than this process met it; null where nothing is among the latest events.
   * `absentSince`: when an order in `symbol` was last proved absent that nobody has seen since.
   * `through`: the number of the last event that counts.
   */
  async lastIn(
    symbol: string,
    absentSince: EpochMs | null,
    through: number,
  ): Promise<EpochMs | null> {
    const leaptAt = this.#leaps.lastLeap();
    const recordedAt = latest([absentSince, leaptAt, await this.#lastFillAt(symbol, through)]);
    const now = this.#ports.clock.now();
    if (recordedAt === null || recordedAt <= now) {
      this.#ahead.delete(symbol);
      return recordedAt;
    }
    const known = this.#ahead.get(symbol);
    const isKnown = known !== undefined && Math.abs(known.recordedAt - recordedAt) <= ROUNDED_MS;
    if (isKnown) return known.metAt;
    this.#ahead.set(symbol, { recordedAt, metAt: now });
    return now;
  }

  /** Whether an event behind `after`, up to `through`, moved the book; or may have, of too many. */
  async hasMoved(symbol: string, after: number, through: number): Promise<boolean> {
    const last = await this.#last(symbol, { types: [...MOVES], after, before: through + 1 });
    return last !== "none";
  }

  async #lastFillAt(symbol: string, through: number): Promise<EpochMs | null> {
    const last = await this.#last(symbol, { types: FILLS, after: 0, before: through + 1 });
    if (typeof last === "string") return null;
    const claim = last.subject === "claim" ? await this.#ports.ledger.claimOf(last.key) : undefined;
    return claim === undefined ? last.at : atLatest(this.#ports, claim, last.at);
  }

  /** The last such event; `not_found` where so many looks did not come to the end of it. */
  async #last(
    symbol: string,
    { types, after, before }: Stretch,
  ): Promise<StoredEvent | "none" | "not_found"> {
    const { account, ledger } = this.#ports;
    let below = before;
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const { events, reached, isOver } = await ledger.scan({
        ...{ account, symbol, types, after, before: below },
        ...{ order: "newest_first", limit: 1 },
      });
      const [last] = events;
      if (last !== undefined) return last;
      if (isOver) return "none";
      below = reached;
    }
    return "not_found";
  }
}
