/**
 * How a symbol stands by the latch's own records: the book, the claims of the session, and those of
 * a position that was begun before it. Nothing of it is kept by the bot, so a start, a restart and
 * a second instance all see the same.
 */
import { BAR_MS, type Claim, type EpochMs, type StrategyContext } from "tradelatch";

/** What the records say of a symbol; prices and sums are for decisions, nothing sent is of them. */
export interface RecordedStanding {
  readonly isHeld: boolean;
  readonly averagePrice: number;
  readonly episode: number;
  /** When the position was begun; undefined where no claim of the session tells. */
  readonly begunAt: EpochMs | undefined;
  readonly stages: number;
  readonly lastStageAt: EpochMs | undefined;
  readonly isEntering: boolean;
  readonly isExiting: boolean;
  /** Why an exit of the position was sent that has left some or all of it. */
  readonly begunExit: string | undefined;
  readonly lastExit: { readonly at: EpochMs; readonly wasLoss: boolean } | undefined;
  /** Names the next exit: what an earlier one has left is another leg. */
  readonly leg: string;
}

const PAGE = 500;

export async function recordedStanding(
  symbol: string,
  context: StrategyContext,
): Promise<RecordedStanding> {
  const book = await context.book(symbol);
  const claims = await claimsFrom(context.session?.openAt, symbol, context);
  const isHeld = book.net !== "0";
  const opens = claims.filter(({ intent }) => intent.effect === "open");
  const closes = claims.filter(({ intent }) => intent.effect === "close");
  const entries = opens.filter((claim) => claim.episode === book.episode && wasFilled(claim));
  const lastStage = entries.at(-1);
  const lastExit = closes.filter(wasFilled).sort(byOpening).at(-1);
  const isOfBefore = isHeld && entries.length === 0;
  const exits = isOfBefore
    ? await exitsOfLife(book.episode, symbol, context)
    : closes.filter(({ episode }) => isHeld && episode === book.episode);
  const partExits = exits.filter((claim) => wasFilled(claim) && isOver(claim));
  return {
    isHeld,
    averagePrice: Number(book.averagePrice),
    episode: book.episode,
    begunAt: isHeld ? entries[0]?.openedAt : undefined,
    // Of a position that was begun before the session, all stages are taken.
    stages: isOfBefore ? Number.POSITIVE_INFINITY : entries.length,
    lastStageAt: lastStage && decidedAt(lastStage),
    isEntering: opens.some((claim) => !isOver(claim)),
    isExiting: [...closes, ...exits].some((claim) => !isOver(claim)),
    begunExit: exits.at(-1)?.intent.reason ?? undefined,
    lastExit: lastExit && {
      at: decidedAt(lastExit),
      wasLoss: priceOf([lastExit]) < priceOf(opens.filter(sameEpisode(lastExit))),
    },
    leg: partExits.length === 0 ? "exit" : `exit-${partExits.length + 1}`,
  };
}

/** Of a position's whole life: what an exit of another day has left is another leg, too. */
async function exitsOfLife(
  episode: number,
  symbol: string,
  context: StrategyContext,
): Promise<readonly Claim[]> {
  const isBefore = (claim: Claim) => claim.episode < episode;
  const claims = await claimsFrom(undefined, symbol, context, isBefore);
  return claims.filter((claim) => claim.episode === episode && claim.intent.effect === "close");
}

/** Oldest first; from a moment on, or back to the page with one that `isEnough`. */
async function claimsFrom(
  from: EpochMs | undefined,
  symbol: string,
  { agent, claims }: StrategyContext,
  isEnough: (claim: Claim) => boolean = () => false,
): Promise<readonly Claim[]> {
  const found: Claim[] = [];
  let cursor: string | undefined;
  do {
    const page = await claims({ agent, symbol, from, cursor, limit: PAGE });
    found.push(...page.claims);
    cursor = page.claims.some(isEnough) ? undefined : (page.next ?? undefined);
  } while (cursor !== undefined);
  return found.sort(byOpening);
}

function byOpening(a: Claim, b: Claim): number {
  return a.openedAt - b.openedAt;
}

/**
 * The end of the bar that it was decided by: live it is claimed a moment behind that, and bars that
 * are counted from there would be one more than in a backtest.
 */
function decidedAt({ openedAt }: Claim): EpochMs {
  return Math.round(openedAt / BAR_MS) * BAR_MS;
}

function isOver({ status }: Claim): boolean {
  return status === "SETTLED";
}

function wasFilled({ bookedQuantity }: Claim): boolean {
  return bookedQuantity !== "0";
}

function sameEpisode({ episode }: Claim): (other: Claim) => boolean {
  return (other) => other.episode === episode;
}

/** The average price of what the claims have filled; 0 where nothing is. */
function priceOf(claims: readonly Claim[]): number {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const quantity = sum(claims.map(({ bookedQuantity }) => Number(bookedQuantity)));
  const cost = sum(claims.map(({ bookedCost }) => Number(bookedCost)));
  return quantity === 0 ? 0 : cost / quantity;
}
