/**
 * A momentum bot on one-minute bars, as an example of a strategy: QQQ leads, TQQQ is bought when it
 * rises and SQQQ when it falls. It shows how a careful user writes one; it is no advice, and
 * nothing says that it earns money.
 *
 * 1. Every order has an anchor: an entry its bar and stage, an exit the life of the position. So a
 *    retry, a restart and a second instance mean the same order.
 * 2. What is held and what is on its way is read from the latch at every bar, never kept here. Only
 *    the indicators and the best price live in the bot, and are built again from bars of the past.
 * 3. Every answer is handled. Whatever was not sent is decided anew at the next bar; so is whatever
 *    the latch could not answer because its ledger was busy or away.
 */
import {
  type Bar,
  type IntentInput,
  LatchError,
  type MarketSession,
  type OrderAnswer,
  type Strategy,
  type StrategyContext,
  type StrategyFactory,
  type StrategyFill,
} from "tradelatch";
import { type Decision, decide, type Standing } from "./momentum-decision.ts";
import { type MomentumParameters, momentumParameters } from "./momentum-parameters.ts";
import { MomentumSignal, type Score } from "./momentum-signal.ts";
import { type RecordedStanding, recordedStanding } from "./momentum-standing.ts";

/** The best close of one position's life. */
interface Best {
  readonly episode: number;
  readonly price: number;
}

class MomentumBot implements Strategy {
  /** The traded symbols first: their prices are known when the signal's bar decides. */
  readonly symbols: readonly string[];
  readonly #parameters: MomentumParameters;
  readonly #signal: MomentumSignal;
  readonly #closes = new Map<string, number>();
  readonly #best = new Map<string, Best>();

  constructor(parameters: MomentumParameters) {
    this.#parameters = parameters;
    this.#signal = new MomentumSignal(parameters);
    this.symbols = [parameters.bullSymbol, parameters.bearSymbol, parameters.signalSymbol];
  }

  async onStart(context: StrategyContext): Promise<void> {
    const books = await context.books();
    const held = books.filter(({ net, symbol }) => net !== "0" && this.symbols.includes(symbol));
    for (const { symbol, net } of held) context.log(`holds ${net} ${symbol}`);
    const working = await context.unsettledClaims();
    if (working.length > 0) context.log(`${working.length} orders of before are not settled`);
  }

  async onBar(bar: Bar, context: StrategyContext): Promise<void> {
    this.#closes.set(bar.symbol, Number(bar.close));
    if (bar.symbol !== this.#parameters.signalSymbol || context.session === undefined) return;
    const score = this.#signal.add(context.session.date, bar);
    try {
      await this.#act(score, bar, context.session, context);
    } catch (error) {
      // A bot that ends here leaves its position to nobody; what was sent is on record.
      if (!(error instanceof LatchError && error.retryable)) throw error;
      context.log("no answer; the next bar decides anew", { because: error.message });
    }
  }

  async #act(score: Score, bar: Bar, { closeAt }: MarketSession, context: StrategyContext) {
    const { bullSymbol, bearSymbol } = this.#parameters;
    const bull = await recordedStanding(bullSymbol, context);
    const bear = await recordedStanding(bearSymbol, context);
    const moment = {
      ...{ score, now: bar.endAt, closeAt },
      bull: this.#standing(bullSymbol, bull, bar),
      bear: this.#standing(bearSymbol, bear, bar),
    };
    if (context.isPast) return;
    for (const decision of decide(moment, this.#parameters)) {
      const recorded = decision.symbol === bullSymbol ? bull : bear;
      const intent = this.#intentOf(decision, bar, recorded);
      const [meaning, fields] = meaningOf(await context.submit(intent));
      const { symbol, reason } = decision;
      context.log(`${decision.kind} ${symbol}: ${meaning}`, { reason, ...fields });
    }
  }

  onFill({ side, quantity, symbol, price, book }: StrategyFill, context: StrategyContext): void {
    context.log(`${side} ${quantity} ${symbol} filled`, { price, holds: book.net });
  }

  async onStop(context: StrategyContext): Promise<void> {
    const books = await context.books();
    for (const { symbol, net } of books)
      if (net !== "0") context.log(`still holds ${net} ${symbol}`);
  }

  #standing(symbol: string, recorded: RecordedStanding, bar: Bar): Standing {
    const price = this.#closes.get(symbol);
    const bestPrice = this.#bestOf(symbol, recorded, price, bar);
    return { ...recorded, symbol, price, bestPrice };
  }

  /** Of closes since the position was begun; its average price until there is one. */
  #bestOf(
    symbol: string,
    { isHeld, episode, averagePrice, begunAt }: RecordedStanding,
    price: number | undefined,
    { endAt }: Bar,
  ): number {
    const known = this.#best.get(symbol);
    const before = known?.episode === episode ? known.price : averagePrice;
    const counts = isHeld && price !== undefined && (begunAt === undefined || endAt > begunAt);
    const best = counts ? Math.max(before, price) : before;
    if (isHeld) this.#best.set(symbol, { episode, price: best });
    return best;
  }

  #intentOf(decision: Decision, bar: Bar, { episode, leg }: RecordedStanding): IntentInput {
    const { symbol, reason } = decision;
    if (decision.kind === "exit") {
      return { symbol, effect: "close", portion: "all", anchor: { episode, leg }, reason };
    }
    const { bullSymbol, bullQuantity, bearQuantity } = this.#parameters;
    const quantity = symbol === bullSymbol ? bullQuantity : bearQuantity;
    const anchor = { bar: bar.name, stage: decision.stage };
    return { symbol, side: "buy", effect: "open", quantity, anchor, reason };
  }
}

type Line = readonly [text: string, fields: Readonly<Record<string, unknown>>];

/** What the answer means for the bot; in every case the next bar decides by what is on record. */
function meaningOf(answer: OrderAnswer): Line {
  switch (answer.status) {
    case "PROCEED":
      return ["sent", { order: answer.order.status }];
    case "SKIP":
      // The other instance, or an earlier life of this one, had it done. It is no new fill.
      return ["done before", { outcome: answer.receipt.outcome }];
    case "PENDING":
      // Maybe at the broker: the claim is not settled, so nothing more is entered meanwhile.
      return ["under way", { because: answer.because }];
    case "BLOCKED":
      // Nothing is at work for it. An exit that is still wanted has the same anchor again.
      return ["not sent", { code: answer.code, message: answer.message }];
  }
}

const createMomentumBot: StrategyFactory = (given) => new MomentumBot(momentumParameters(given));

export default createMomentumBot;
