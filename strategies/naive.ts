/**
 * The momentum bot as it was before it had a latch. It decides like `momentum.ts`, and differs in
 * the rest: it keeps its own account of what it holds, takes every answer that is no error for a
 * fill, sends again on any exception, and makes no entry while the broker shows a position that it
 * cannot explain. It is here to show what comes of that. Do not trade with it.
 */
import type {
  Bar,
  PlainBroker,
  PlainOrder,
  UnguardedContext,
  UnguardedFactory,
  UnguardedStrategy,
} from "tradelatch";
import { type Decision, decide, type Standing } from "./momentum-decision.ts";
import { type MomentumParameters, momentumParameters } from "./momentum-parameters.ts";
import { MomentumSignal } from "./momentum-signal.ts";

/** Tries of one call before the bot gives up, the first included. */
export const MAX_TRIES = 3;

export interface Tried<Result> {
  /** Null when every try threw. */
  readonly result: Result | null;
  /** What each failed try threw. */
  readonly failures: readonly string[];
}

/** Calls `work` until it does not throw, {@link MAX_TRIES} times at the most. */
export async function withRetries<Result>(
  work: (attempt: number) => Promise<Result>,
): Promise<Tried<Result>> {
  const failures: string[] = [];
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    try {
      return { result: await work(attempt), failures };
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { result: null, failures };
}

/**
 * Whether an entry is blocked: the bot takes itself to hold nothing, and "broker still shows open
 * positions". One that cannot see what the broker shows makes no entry either.
 */
export async function entryBlocked(broker: PlainBroker, symbols: readonly string[]) {
  const { result } = await withRetries(() => broker.openPositions());
  return result === null || symbols.some((symbol) => result.has(symbol));
}

/** What the bot takes itself to hold of a symbol. */
interface Own {
  readonly quantity: number;
  readonly averagePrice: number;
  readonly bestPrice: number;
  readonly stages: number;
  readonly lastStageAt: number | undefined;
  readonly lastExit: Standing["lastExit"];
}

const NOTHING: Own = {
  ...{ quantity: 0, averagePrice: 0, bestPrice: 0, stages: 0 },
  ...{ lastStageAt: undefined, lastExit: undefined },
};

class NaiveBot implements UnguardedStrategy {
  readonly isUnguarded = true;
  readonly symbols: readonly string[];
  readonly #parameters: MomentumParameters;
  readonly #signal: MomentumSignal;
  readonly #closes = new Map<string, number>();
  readonly #own = new Map<string, Own>();

  constructor(parameters: MomentumParameters) {
    this.#parameters = parameters;
    this.#signal = new MomentumSignal(parameters);
    this.symbols = [parameters.bullSymbol, parameters.bearSymbol, parameters.signalSymbol];
  }

  async onBar(bar: Bar, context: UnguardedContext): Promise<void> {
    this.#closes.set(bar.symbol, Number(bar.close));
    if (bar.symbol !== this.#parameters.signalSymbol || context.session === undefined) return;
    const score = this.#signal.add(context.session.date, bar);
    const [bull, bear] = [this.#parameters.bullSymbol, this.#parameters.bearSymbol];
    const moment = {
      ...{ score, now: bar.endAt, closeAt: context.session.closeAt },
      ...{ bull: this.#standing(bull), bear: this.#standing(bear) },
    };
    for (const decision of decide(moment, this.#parameters)) {
      if (decision.kind === "exit") await this.#exit(decision, bar, context);
      else await this.#enter(decision, bar, context);
    }
  }

  #standing(symbol: string): Standing {
    const own = this.#own.get(symbol) ?? NOTHING;
    const price = this.#closes.get(symbol);
    const bestPrice = Math.max(own.bestPrice, price ?? 0);
    if (own.quantity > 0) this.#own.set(symbol, { ...own, bestPrice });
    const isHeld = own.quantity > 0;
    const asks = { isEntering: false, isExiting: false, begunExit: undefined };
    return { ...own, ...asks, symbol, price, bestPrice, isHeld };
  }

  async #enter(
    { symbol, stage }: Decision & { kind: "enter" },
    { endAt }: Bar,
    context: UnguardedContext,
  ): Promise<void> {
    const own = this.#own.get(symbol) ?? NOTHING;
    if (stage === "base" && (await entryBlocked(context.broker, this.symbols))) {
      context.log("ENTRY BLOCKED: broker still shows open positions", { symbol });
      return;
    }
    const { bullSymbol, bullQuantity, bearQuantity } = this.#parameters;
    const quantity = symbol === bullSymbol ? bullQuantity : bearQuantity;
    if (!(await place({ symbol, side: "buy", quantity }, context))) return;
    const price = this.#closes.get(symbol) ?? 0;
    const held = own.quantity + Number(quantity);
    const averagePrice = (own.quantity * own.averagePrice + Number(quantity) * price) / held;
    const bestPrice = Math.max(own.bestPrice, price);
    const stages = own.stages + 1;
    const { lastExit } = own;
    const now = { quantity: held, averagePrice, bestPrice, stages, lastStageAt: endAt, lastExit };
    this.#own.set(symbol, now);
  }

  async #exit({ symbol, reason }: Decision, { endAt }: Bar, context: UnguardedContext) {
    const own = this.#own.get(symbol) ?? NOTHING;
    const order = { symbol, side: "sell", quantity: String(own.quantity) } as const;
    // Refused, it takes itself to be holding, and tries again at the next bar.
    if (!(await place(order, context))) return;
    context.log(`exit ${symbol}`, { reason });
    const wasLoss = (this.#closes.get(symbol) ?? 0) < own.averagePrice;
    this.#own.set(symbol, { ...NOTHING, lastExit: { at: endAt, wasLoss } });
  }
}

/** Whether the order went; what went wrong before that, nobody asks. */
async function place(order: PlainOrder, { broker, log }: UnguardedContext): Promise<boolean> {
  const { result, failures } = await withRetries(() => broker.postOrder(order));
  const { side, quantity, symbol } = order;
  for (const failure of failures) log(`${side} ${quantity} ${symbol} failed`, { failure });
  return result !== null;
}

const createNaiveBot: UnguardedFactory = (given) => new NaiveBot(momentumParameters(given));

export default createNaiveBot;
