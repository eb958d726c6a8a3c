/**
 * Drives a latch and a broker through a market's hours, a second at a time: what is due is
 * sent, and time goes on when nobody has anything to do but wait.
 */
import type { ManualClock } from "../../src/core/manual-clock.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { FaultRule } from "../../src/simulator/index.ts";
import type { SoakLatch } from "./soak-latch.ts";
import { CALLS_PER_SECOND, type Call, callAt, isExpected } from "./soak-orders.ts";

/** A broker that runs elsewhere, or here. */
export interface Market {
  readonly url: string;
  setTime(now: number): Promise<void>;
  addFault(rule: FaultRule): Promise<void>;
  cancel(orderId: string): Promise<void>;
}

const STEP_MS = 1_000;
const CALLS_PER_STEP = (CALLS_PER_SECOND * STEP_MS) / 1_000;
const TICK_STEPS = 2_000 / STEP_MS;
const COMPARISON_STEPS = 15_000 / STEP_MS;
const FAULT_STEPS = 30_000 / STEP_MS;
const QUIET_TURNS = 8;
/** After the last call everything comes to its end within this. */
const DRAIN_MS = 180_000;

const POSTS = { method: "POST", path: "/v2/orders" } as const;
const FAULTS: readonly FaultRule["fault"][] = [
  { kind: "accept_then_drop" },
  { kind: "drop" },
  { kind: "accept_then_error", status: 504 },
  { kind: "html", status: 502, accept: true },
  { kind: "rate_limited" },
];

export class SoakMarket {
  readonly #market: Market;
  readonly #soak: SoakLatch;
  readonly #clock: ManualClock;
  readonly #waiting = new Set<Promise<unknown>>();
  /** Orders to cancel, by the number of the call at which that is due. */
  readonly #toCancel = new Map<number, string>();
  #steps = 0;
  #calls = 0;
  #isTicking = false;
  readonly answers = new Map<string, number>();
  /** What went as it should not. */
  readonly faults: string[] = [];

  constructor(market: Market, soak: SoakLatch, clock: ManualClock) {
    this.#market = market;
    this.#soak = soak;
    this.#clock = clock;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Lets `durationMs` of the market go by; `onSecond` is called in each of its seconds. */
  async run(durationMs: number, onSecond = () => {}): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) {
      onSecond();
      for (let count = 0; count < CALLS_PER_STEP; count += 1) this.#send();
      await this.#step();
    }
  }

  /** Sends nothing more, until everything that was sent has come to its end. */
  async drain(): Promise<void> {
    for (let passedMs = 0; passedMs < DRAIN_MS; passedMs += STEP_MS) {
      this.#calls += CALLS_PER_STEP;
      this.#cancelDue();
      await this.#step();
      const open = await this.#soak.latch.unsettledClaims();
      if (this.#waiting.size === 0 && open.length === 0) return;
    }
    const open = await this.#soak.latch.unsettledClaims();
    this.faults.push(`${open.length} claims did not come to their end`);
  }

  #send(): void {
    const call = callAt(this.#calls);
    this.#calls += 1;
    this.#cancelDue();
    this.#follow(this.#submit(call));
  }

  async #submit(call: Call): Promise<void> {
    const answer = await this.#soak.latch.submit(call.intent);
    const name = `${call.kind} ${answer.status}`;
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    if (!isExpected(call, answer)) this.faults.push(`${name}: ${JSON.stringify(answer)}`);
    const orderId = orderOf(answer);
    if (call.cancelAtCall !== undefined && orderId !== null) {
      this.#toCancel.set(Math.max(call.cancelAtCall, this.#calls + 1), orderId);
    }
  }

  #cancelDue(): void {
    for (const [at, orderId] of this.#toCancel) {
      if (at > this.#calls) continue;
      this.#toCancel.delete(at);
      this.#follow(this.#market.cancel(orderId));
    }
  }

  async #step(): Promise<void> {
    this.#steps += 1;
    const { latch } = this.#soak;
    if (this.#steps % FAULT_STEPS === 0) {
      const fault = FAULTS[(this.#steps / FAULT_STEPS) % FAULTS.length];
      if (fault !== undefined) await this.#market.addFault({ match: POSTS, fault });
    }
    if (this.#steps % TICK_STEPS === 0 && !this.#isTicking) {
      this.#isTicking = true;
      const isOver = () => {
        this.#isTicking = false;
      };
      this.#follow(latch.tick().finally(isOver));
    }
    if (this.#steps % COMPARISON_STEPS === 0) this.#follow(latch.comparePositions());
    await this.#rest();
    const now = this.#clock.now() + STEP_MS;
    await this.#market.setTime(now);
    this.#clock.advanceTo(now);
    await this.#rest();
  }

  /** Until everybody waits for the clock. */
  async #rest(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (await this.#soak.answered()) quiet = 0;
    }
  }

  #follow(work: Promise<unknown>): void {
    const noted = work.catch((error: unknown) => this.faults.push(String(error)));
    this.#waiting.add(noted);
    noted.finally(() => this.#waiting.delete(noted));
  }
}

function orderOf(answer: OrderAnswer): string | null {
  if (answer.status === "PROCEED") return answer.order.brokerOrderId;
  return answer.status === "PENDING" ? answer.brokerOrderId : null;
}
