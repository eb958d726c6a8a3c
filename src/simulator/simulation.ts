/**
 * One simulated account with everything around it: the broker, its clock, the faults, the log of
 * requests and the stream. A reset puts a new broker in the old one's place; the log starts anew
 * and connections stay.
 */
import { seededRandom } from "../core/random.ts";
import { Credentials } from "./credentials.ts";
import { FaultPlan } from "./fault-plan.ts";
import { RateMeter } from "./rate-meter.ts";
import { RequestLog } from "./request-log.ts";
import { SimulatedBroker } from "./simulated-broker.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import {
  DEFAULT_SEED,
  DEFAULT_START,
  type SimulatorOptions,
  type WorldOptions,
} from "./simulator-options.ts";
import { StockStream } from "./stock-stream.ts";
import { tradeUpdateFrame } from "./stream-frames.ts";
import type { TradeEvent } from "./trade-event.ts";
import { TradeStream } from "./trade-stream.ts";

/** Sets chances of faults apart from the broker's ids: one more fault must not change the ids. */
const FAULT_SEED_OFFSET = 0x5eed;

const STOCK_DATA = "/v2/stocks/";

export class Simulation {
  readonly requests = new RequestLog();
  readonly credentials: Credentials;
  readonly stream: TradeStream;
  readonly stockStream: StockStream;
  readonly #options: SimulatorOptions;
  #broker: SimulatedBroker;
  #faults: FaultPlan;
  #meter: RateMeter;
  #dataMeter: RateMeter;
  readonly #releases = new Set<() => void>();

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.credentials = new Credentials(options.keyId, options.secret);
    this.stream = new TradeStream(this.credentials, options.streamFrames ?? "binary");
    this.stockStream = new StockStream({
      credentials: this.credentials,
      plan: options.dataPlan ?? "basic",
      maximumConnections: options.dataConnections ?? 1,
      now: () => this.#broker.clock.now(),
      after: (delayMs, action) => void this.after(delayMs, action),
      faultFor: (symbol) => this.#faults.takeForBar(symbol),
    });
    this.#faults = faultPlan(options.seed);
    this.#meter = new RateMeter(options.rateLimitPerMinute);
    this.#dataMeter = new RateMeter(options.rateLimitPerMinute);
    this.#broker = this.#openBroker(options);
    this.stockStream.restart();
  }

  get broker(): SimulatedBroker {
    return this.#broker;
  }

  get faults(): FaultPlan {
    return this.#faults;
  }

  /** Market data has a limit of its own, as it has a host of its own. */
  meterFor(path: string): RateMeter {
    return path.startsWith(STOCK_DATA) ? this.#dataMeter : this.#meter;
  }

  /** Starts over with the options of the start, as far as `changes` does not overrule them. */
  reset(changes: WorldOptions = {}): void {
    this.releaseAll();
    const options = { ...this.#options, ...changes };
    this.requests.clear();
    this.#faults = faultPlan(options.seed);
    this.#meter = new RateMeter(options.rateLimitPerMinute);
    this.#dataMeter = new RateMeter(options.rateLimitPerMinute);
    this.#broker = this.#openBroker(options);
    this.stockStream.restart();
  }

  /**
   * What `action` gives when `delayMs` of simulated time have passed, or undefined when a reset or
   * the end came first. The action runs at its time, before anything that is due later.
   */
  after<Result>(delayMs: number, action: () => Result): Promise<Result | undefined> {
    const { clock } = this.#broker;
    return new Promise((resolve) => {
      const forget = this.onRelease(() => resolve(undefined));
      clock.at(clock.now() + delayMs, () => {
        forget();
        resolve(action());
      });
    });
  }

  /** Registers what a reset or the end must do to a held connection; the answer undoes it. */
  onRelease(release: () => void): () => void {
    this.#releases.add(release);
    return () => this.#releases.delete(release);
  }

  /** Gives up whatever is being held back; its connections are to be cut. */
  releaseAll(): void {
    const releases = [...this.#releases];
    this.#releases.clear();
    for (const release of releases) release();
  }

  #openBroker(options: SimulatorOptions): SimulatedBroker {
    const clock = new SimulatedClock(options.startAt ?? DEFAULT_START);
    return new SimulatedBroker(options, clock, {
      report: (event) => this.#publish(event),
      traded: (symbol, trade) => this.stockStream.traded(symbol, trade),
      moved: () => this.stockStream.moved(this.#broker.tape),
    });
  }

  #publish(event: TradeEvent): void {
    const { order } = event;
    const subject = { event: event.event, side: order.side, symbol: order.symbol };
    const frame = tradeUpdateFrame(event, this.#broker.book.legs(order));
    this.stream.publish(frame, this.#faults.takeForEvent(subject));
  }
}

function faultPlan(seed = DEFAULT_SEED): FaultPlan {
  return new FaultPlan(seededRandom(seed + FAULT_SEED_OFFSET));
}
