/**
 * One world as data: who asks for what and when, and everything that goes wrong. All times are
 * milliseconds since the world's start. A plan is drawn from a seed, can be made smaller one piece
 * after the other, and is kept as a file where it once showed a fault.
 */
import type { FaultRule } from "../../src/simulator/index.ts";
import type { StoreFault } from "./simulated-disk.ts";

/** What the bot gives so that its retry is known for one. */
export type IdentityStyle = "anchor" | "requestId" | "clientOrderId" | "none";

/** One bot's part in an action. */
export interface Try {
  readonly bot: number;
  /** After the action's own time. */
  readonly delayMs: number;
  /** Where this bot disagrees about the quantity. */
  readonly quantity?: string;
}

/** What an action waits for, where its bot does one thing after the other. */
export interface Follows {
  /** The action of whose end the bot has to know: it was answered, and its order works no more. */
  readonly action: string;
  /** From that knowledge on. */
  readonly pauseMs: number;
  /** It cancels the order where that still works, and goes on without waiting for its end. */
  readonly cancels: boolean;
}

/** One contract of a multi-leg order. */
export interface LegPlan {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  /** How many of it each combo has. */
  readonly ratio: string;
  /** What its bot means it to do. */
  readonly effect: "open" | "close";
  /** How the order says so; of a side alone the broker infers the rest from the position. */
  readonly says: "side" | "position_intent" | "both";
}

export interface ActionPlan {
  /** Unique in the world; it is the bots' decision id. */
  readonly name: string;
  /** With {@link follows}: not before. */
  readonly atMs: number;
  readonly follows?: Follows;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly effect: "open" | "close";
  /** The contracts of a multi-leg order, which is a buy of so many combos; left out: it is none. */
  readonly legs?: readonly LegPlan[];
  readonly identity: IdentityStyle;
  /** Null where `portion` says how much. */
  readonly quantity: string | null;
  readonly portion: string | null;
  /** Null: at the market. */
  readonly limitPrice: string | null;
  /** With legs that take a profit or stop a loss. */
  readonly isBracket: boolean;
  readonly tries: readonly Try[];
}

export type Mishap = { readonly atMs: number } & (
  | { readonly kind: "fault"; readonly rule: FaultRule }
  /** The process dies in front of the `turns`-th turn that it takes from then on. */
  | {
      readonly kind: "crash";
      readonly sidecar: number;
      readonly turns: number;
      readonly downMs: number;
    }
  /** The same for the store's host: every sidecar dies, and what was not synced is gone. */
  | { readonly kind: "power"; readonly turns: number; readonly downMs: number }
  | { readonly kind: "pause"; readonly sidecar: number; readonly forMs: number }
  /**
   * The sidecar that sends the next order is paused right behind it: for `forMs`, or until
   * `overtakenMs` after another has sent that order again.
   */
  | { readonly kind: "freeze"; readonly forMs: number; readonly overtakenMs?: number }
  /** The clock of the sidecars' host jumps. */
  | { readonly kind: "jump"; readonly byMs: number }
  | { readonly kind: "store"; readonly fault: StoreFault; readonly forMs: number }
  /** Nobody listens at the broker's address, as this sidecar sees it. */
  | { readonly kind: "link"; readonly sidecar: number; readonly forMs: number }
  | { readonly kind: "bot_crash"; readonly bot: number; readonly downMs: number }
  | { readonly kind: "price"; readonly symbol: string; readonly price: string }
  | { readonly kind: "cancel"; readonly action: string }
  | {
      readonly kind: "replace";
      readonly action: string;
      readonly limitPrice: string;
      /** By a person at the broker, past the latch. */
      readonly byHand?: true;
    }
  /** So many reads of the action's order fail, and so many of any list. */
  | { readonly kind: "hide"; readonly action: string; readonly times: number }
  /** So many shares of the action's order fill, or what is left of it, whatever its limit is. */
  | { readonly kind: "fill"; readonly action: string; readonly quantity: number }
  | { readonly kind: "cut_stream" }
  /** What a partial fill has left over fills. */
  | { readonly kind: "fill_rest" }
  | {
      readonly kind: "by_hand";
      readonly symbol: string;
      readonly side: "buy" | "sell";
      readonly quantity: string;
    }
);

export interface Plan {
  /** Draws latencies, lots and ids. */
  readonly seed: number;
  /** `sqlite`: the product's own, on a file; left out: one in memory. */
  readonly store?: "sqlite";
  readonly sidecars: number;
  /** By how much each sidecar's clock is ahead; left out: by nothing. */
  readonly clocksMs?: readonly number[];
  /** How often a sidecar polls; left out: as often as it should. */
  readonly lookEveryMs?: number;
  readonly bots: readonly BotPlan[];
  readonly allowShort: boolean;
  /** What trades, and at which price to begin with; left out: {@link PRICES}. */
  readonly prices?: Readonly<Record<string, string>>;
  readonly opening: readonly { readonly symbol: string; readonly quantity: string }[];
  readonly actions: readonly ActionPlan[];
  readonly mishaps: readonly Mishap[];
  /** From then on nothing more goes wrong. */
  readonly calmAtMs: number;
}

export interface BotPlan {
  /** Bots of one group are instances of one bot. */
  readonly group: string;
  /** How long it waits for an answer; null: for ever. */
  readonly patienceMs: number | null;
  readonly triesMax: number;
  readonly pauseMs: number;
}

export const PRICES: Readonly<Record<string, string>> = { TQQQ: "75", SQQQ: "20" };

export function symbolsOf({ prices = PRICES }: Pick<Plan, "prices">): readonly string[] {
  return Object.keys(prices);
}

/** What an action does to one position. */
export type Trade = Pick<LegPlan, "symbol" | "side" | "effect">;

/** One for each contract of a multi-leg order. */
export function tradesOf(action: ActionPlan): readonly Trade[] {
  return action.legs ?? [action];
}
