/**
 * The strategy's port: what a user implements, and what it is given. Four hooks, of which only
 * `onBar` has to be there; they never overlap, and a promise that one returns is awaited before the
 * next. A hook that throws ends the run.
 *
 * A strategy decides. It keeps no orders and no positions of its own: books and claims are the
 * latch's, and are there again after a restart.
 */
import type { Book } from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import type { DecimalText } from "../core/decimal.ts";
import type { RequestId } from "../core/ids.ts";
import type { OrderAnswer } from "../gateway/order-answer.ts";
import type { Anchor, Effect, Side } from "../identity/intent.ts";
import type { IntentInput } from "../identity/intent-schema.ts";
import type { Latch } from "../latch.ts";
import type { MarketSession } from "../schedule/market-hours.ts";
import type { Bar } from "./bar.ts";

/**
 * @example
 * ```ts
 * import type { StrategyFactory } from "tradelatch";
 *
 * const createStrategy: StrategyFactory = () => ({
 *   symbols: ["TQQQ"],
 *   async onBar(bar, context) {
 *     const { net } = await context.book("TQQQ");
 *     if (net !== "0" || Number(bar.close) <= Number(bar.open)) return;
 *     const anchor = { bar: bar.name, stage: "base" };
 *     await context.submit({ symbol: "TQQQ", side: "buy", quantity: "6", anchor });
 *   },
 * });
 * export default createStrategy;
 * ```
 */
export interface Strategy {
  /** Whose bars it wants; those of one minute come in this order. */
  readonly symbols: readonly string[];
  /** Before the first bar: what is held and what is at work may be read. */
  onStart?(context: StrategyContext): void | Promise<void>;
  /** A bar is over. */
  onBar(bar: Bar, context: StrategyContext): void | Promise<void>;
  /** Shares of an order of this agent group were booked, whichever instance sent it. */
  onFill?(fill: StrategyFill, context: StrategyContext): void | Promise<void>;
  /** After the last bar, or when the run is asked to end; positions stay as they are. */
  onStop?(context: StrategyContext): void | Promise<void>;
}

/** What a strategy's file exports by default: makes one instance, from what `--set` says. */
export type StrategyFactory = (parameters: StrategyParameters) => Strategy;

/** `--set name=value`, as text: the strategy knows what its parameters are. */
export type StrategyParameters = Readonly<Record<string, string>>;

/** Shares that an order has filled since the last word of it. */
export interface StrategyFill {
  readonly requestId: RequestId;
  readonly symbol: string;
  readonly side: Side;
  readonly effect: Effect;
  readonly quantity: DecimalText;
  /** The average of these shares. */
  readonly price: DecimalText;
  readonly anchor: Anchor | null;
  readonly reason: string | null;
  /** The book with these shares in it, and maybe with later ones. */
  readonly book: Book;
}

/** What of the latch a strategy may use. */
type LatchOperations = Pick<
  Latch,
  | "account"
  | "agent"
  | "book"
  | "books"
  | "claim"
  | "claims"
  | "entryCheck"
  | "incidents"
  | "unsettledClaims"
>;

export interface StrategyContext extends LatchOperations {
  /** One logical action, at most one order; see {@link Latch.submit}. */
  submit(intent: IntentInput): Promise<OrderAnswer>;
  now(): EpochMs;
  /** The session of the bar, or the last one; undefined before the first. */
  readonly session: MarketSession | undefined;
  /**
   * Whether the bar is one of the past: a strategy that starts in the middle of a session is given
   * those before, so that its indicators are right. Every submit is BLOCKED meanwhile; also one of
   * a decision that a hook began at such a bar and did not wait for.
   */
  readonly isPast: boolean;
  /** Why entries are stopped, in a sentence; null while they are not. Exits are never stopped. */
  readonly entriesStopped: string | null;
  /** A line in the run's log. */
  log(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
