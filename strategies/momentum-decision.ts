/**
 * What the momentum bot does at the end of a bar: pure, so that the guarded and the naive bot
 * decide alike and differ only in how they know what they hold and how they send.
 */
import type { EpochMs } from "tradelatch";
import type { MomentumParameters } from "./momentum-parameters.ts";
import type { Score } from "./momentum-signal.ts";

export const STAGES = ["base", "add1", "add2"] as const;
export type Stage = (typeof STAGES)[number];

/** How one of the two traded symbols stands. */
export interface Standing {
  readonly symbol: string;
  readonly isHeld: boolean;
  /** Of the shares held; for indicators. */
  readonly averagePrice: number;
  /** The last bar's close; undefined before the first bar. */
  readonly price: number | undefined;
  /** The best close since the position was begun. */
  readonly bestPrice: number;
  /** Stages that the position has, or that are on their way. */
  readonly stages: number;
  readonly lastStageAt: EpochMs | undefined;
  /** An order is at work, or nobody knows yet what became of it. */
  readonly isEntering: boolean;
  readonly isExiting: boolean;
  /** Why the position is being given up already, by an exit that has left some or all of it. */
  readonly begunExit: string | undefined;
  readonly lastExit: { readonly at: EpochMs; readonly wasLoss: boolean } | undefined;
}

export interface Moment {
  readonly now: EpochMs;
  /** When the session closes. */
  readonly closeAt: EpochMs;
  readonly score: Score;
  readonly bull: Standing;
  readonly bear: Standing;
}

export type Decision =
  | { readonly kind: "exit"; readonly symbol: string; readonly reason: string }
  | {
      readonly kind: "enter";
      readonly symbol: string;
      readonly stage: Stage;
      readonly reason: string;
    };

const MINUTE_MS = 60_000;

/** What is to be sent, exits first; empty where nothing is. */
export function decide(moment: Moment, parameters: MomentumParameters): readonly Decision[] {
  const sides = [
    { standing: moment.bull, score: moment.score.signed },
    { standing: moment.bear, score: -moment.score.signed },
  ];
  const exits = sides.flatMap(({ standing, score }): Decision[] => {
    const reason = exitReason(standing, score, minutesLeft(moment), parameters);
    return reason === undefined ? [] : [{ kind: "exit", symbol: standing.symbol, reason }];
  });
  if (exits.length > 0) return exits;
  const entry = entryOf(sides, moment, parameters);
  return entry === undefined ? [] : [entry];
}

function minutesLeft({ now, closeAt }: Moment): number {
  return (closeAt - now) / MINUTE_MS;
}

/**
 * Why the position is to be given up now; undefined where it is not. An exit that was once sent is
 * never dropped because the score has turned again: one that was refused is sent until it is out.
 */
export function exitReason(
  { isHeld, isExiting, begunExit, price, averagePrice, bestPrice }: Standing,
  score: number,
  minutesToClose: number,
  parameters: MomentumParameters,
): string | undefined {
  if (!isHeld || isExiting) return undefined;
  if (begunExit !== undefined) return begunExit;
  if (minutesToClose <= parameters.flatMinutes) return "close";
  if (price === undefined) return undefined;
  const gain = percentOver(price, averagePrice);
  const best = percentOver(bestPrice, averagePrice);
  if (gain <= -parameters.lossStopPercent) return "loss_stop";
  if (best >= parameters.giveBackFromPercent && gain <= best * (1 - parameters.giveBackPart)) {
    return "give_back";
  }
  const isTrailed = best >= parameters.trailFromPercent;
  if (isTrailed && -percentOver(price, bestPrice) >= parameters.trailPercent) return "trail";
  return score <= -parameters.flipScore ? "flip" : undefined;
}

interface Side {
  readonly standing: Standing;
  /** Of its own direction. */
  readonly score: number;
}

/** One position at a time: while one is held, begun or given up, the other side waits. */
function entryOf(
  sides: readonly Side[],
  moment: Moment,
  parameters: MomentumParameters,
): Decision | undefined {
  if (minutesLeft(moment) <= parameters.lastEntryMinutes) return undefined;
  if (sides.some(({ standing }) => standing.isEntering || standing.isExiting)) return undefined;
  const held = sides.filter(({ standing }) => standing.isHeld);
  const [side = sides.find(({ score }) => score >= parameters.enterScore)] = held;
  if (side === undefined || held.length > 1) return undefined;
  const { standing, score } = side;
  const stage = STAGES[standing.isHeld ? standing.stages : 0];
  const isFree = standing.isHeld
    ? score >= parameters.addScore && isApart(standing, moment, parameters)
    : !isCooling(standing, moment, parameters);
  if (stage === undefined || !isFree) return undefined;
  return { kind: "enter", symbol: standing.symbol, stage, reason: `score ${score}` };
}

function isApart(
  { lastStageAt }: Standing,
  { now }: Moment,
  { addAfterBars }: MomentumParameters,
): boolean {
  return lastStageAt !== undefined && now - lastStageAt >= addAfterBars * MINUTE_MS;
}

function isCooling(
  { lastExit }: Standing,
  { now }: Moment,
  { exitCooldownBars, lossCooldownBars }: MomentumParameters,
): boolean {
  if (lastExit === undefined) return false;
  const bars = lastExit.wasLoss ? lossCooldownBars : exitCooldownBars;
  return now - lastExit.at < bars * MINUTE_MS;
}

/** By how many percent `price` is above `base`. */
function percentOver(price: number, base: number): number {
  return base === 0 ? 0 : (price / base - 1) * 100;
}
