/**
 * The time by which looks at one claim's order are begun: nobody sets it between two of them. Where
 * others have looked before, on machines whose clocks may be other ones, it goes on from their last
 * look that is on record, which was begun before it: the step from one clock to the other is no
 * pause, and reads of all of them lie in one time.
 */
import { type Claim, postOverAt } from "../claim/claim.ts";
import { atItsPace, type Clock, type EpochMs } from "../core/clock.ts";

export class ReadTime {
  readonly #clock: Clock;
  #now: () => EpochMs;
  #fencing: number | undefined;
  #goesOnFromLast = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = atItsPace(clock);
  }

  now(): EpochMs {
    return this.#now();
  }

  /** Whether it is this machine's own: of other reads nobody knows where they lie in it. */
  get isOwn(): boolean {
    return !this.#goesOnFromLast;
  }

  /** Call it with the claim as it is on record, before a look and after it. */
  follow(claim: Claim, postDeadlineMs: number): void {
    if (claim.fencing !== this.#fencing) this.#begin(claim.fencing);
    if (this.#goesOnFromLast) return;
    if (claim.notFound !== null) {
      this.#now = atItsPace(this.#clock, claim.notFound.lastAt);
      this.#goesOnFromLast = true;
      return;
    }
    // A POST that was over by the clock on the wall is over, also where that was set forward.
    const overAt = postOverAt(claim, postDeadlineMs);
    if (this.now() < overAt && this.#clock.now() >= overAt) this.#now = atItsPace(this.#clock);
  }

  #begin(fencing: number): void {
    this.#fencing = fencing;
    this.#now = atItsPace(this.#clock);
    this.#goesOnFromLast = false;
  }
}
