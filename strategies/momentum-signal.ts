/**
 * The signal of the momentum bot, from the bars of one symbol: where the price stands against the
 * session's VWAP and three moving averages, and how far it moved over some bars. Streaming: each
 * bar costs the same, however many came before. Indicators are numbers, and nothing that is sent is
 * made of them.
 */
import type { Bar } from "tradelatch";
import type { MomentumParameters } from "./momentum-parameters.ts";

/** The mean of the last `size` values. */
export class MovingAverage {
  readonly #values: number[] = [];
  readonly #size: number;
  #sum = 0;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  add(value: number): void {
    this.#sum += value - (this.#values[this.#next] ?? 0);
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
    // Summed anew once a round, so that what additions round off does not pile up.
    if (this.#next === 0) this.#sum = this.#values.reduce((sum, one) => sum + one, 0);
  }

  /** Undefined until there are `size` values. */
  get value(): number | undefined {
    return this.#values.length < this.#size ? undefined : this.#sum / this.#size;
  }

  /** The oldest value that is in it; undefined until there are `size` values. */
  get oldest(): number | undefined {
    return this.#values.length < this.#size ? undefined : this.#values[this.#next];
  }
}

/** The average price of a session's shares: each bar's typical price, by its volume. */
export class SessionVwap {
  #session = "";
  #volume = 0;
  #turnover = 0;

  /** `session` names the day: another one begins anew. */
  add(session: string, { high, low, close, volume }: Bar): void {
    if (session !== this.#session) {
      this.#session = session;
      this.#volume = 0;
      this.#turnover = 0;
    }
    const typical = (Number(high) + Number(low) + Number(close)) / 3;
    this.#volume += Number(volume);
    this.#turnover += typical * Number(volume);
  }

  /** Undefined until a share has traded. */
  get value(): number | undefined {
    return this.#volume === 0 ? undefined : this.#turnover / this.#volume;
  }
}

/** What speaks for rising and for falling prices, 0 to 100 each. */
export interface Score {
  readonly bull: number;
  readonly bear: number;
  /** `bull` less `bear`: from -100 to 100. */
  readonly signed: number;
}

/** What each of the five parts counts. */
const PART = 20;

/**
 * Five parts, each of which says up, down or nothing: price against VWAP, price against the fast
 * average, fast against middle, middle against slow, and the momentum. A part that has not seen
 * enough bars says nothing.
 */
export class MomentumSignal {
  readonly #vwap = new SessionVwap();
  readonly #fast: MovingAverage;
  readonly #middle: MovingAverage;
  readonly #slow: MovingAverage;
  /** One more than the momentum's bars: its oldest is the price that many bars ago. */
  readonly #past: MovingAverage;
  readonly #momentumPart: number;

  constructor(parameters: MomentumParameters) {
    this.#fast = new MovingAverage(parameters.fastBars);
    this.#middle = new MovingAverage(parameters.middleBars);
    this.#slow = new MovingAverage(parameters.slowBars);
    this.#past = new MovingAverage(parameters.momentumBars + 1);
    this.#momentumPart = parameters.momentumPercent / 100;
  }

  add(session: string, bar: Bar): Score {
    const close = Number(bar.close);
    this.#vwap.add(session, bar);
    for (const average of [this.#fast, this.#middle, this.#slow, this.#past]) average.add(close);
    const before = this.#past.oldest;
    const moved = before === undefined ? 0 : close / before - 1;
    const fast = this.#fast.value;
    const middle = this.#middle.value;
    const parts = [
      direction(close, this.#vwap.value),
      direction(close, fast),
      direction(fast, middle),
      direction(middle, this.#slow.value),
      Math.abs(moved) < this.#momentumPart ? 0 : Math.sign(moved),
    ];
    const bull = PART * parts.filter((part) => part > 0).length;
    const bear = PART * parts.filter((part) => part < 0).length;
    return { bull, bear, signed: bull - bear };
  }
}

/** Less than this part of a price is what adding rounds off, and no direction. */
const ROUNDED_OFF = 1e-9;

function direction(value: number | undefined, against: number | undefined): number {
  if (value === undefined || against === undefined) return 0;
  const difference = value - against;
  return Math.abs(difference) <= against * ROUNDED_OFF ? 0 : Math.sign(difference);
}
