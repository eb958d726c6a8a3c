/**
 * What keeps a strategy's intent from the latch: a bar of the past, a feed without current bars, a
 * dry run. An exit is kept back by a stale feed never.
 */
import { type Book, reduces } from "../book/book.ts";
import type { BlockCode } from "../claim/answer.ts";
import { type BlockedAnswer, blockedAnswer } from "../gateway/order-answer.ts";
import { comboLegs, isCombo } from "../identity/combo.ts";
import type { IntentInput } from "../identity/intent-schema.ts";

/** How the feed stands at the moment of an intent. */
export interface FeedStanding {
  /** It was begun at a bar of the past. */
  readonly isPast: boolean;
  /** No bar of the past was told since the last one of the present. */
  readonly isCaughtUp: boolean;
  /** Why entries are stopped; null while they are not. */
  readonly entriesStopped: string | null;
  readonly isDryRun: boolean;
}

/** The refusal of `intent`; undefined where it may go to the latch. */
export async function heldBack(
  intent: IntentInput,
  { isPast, isCaughtUp, entriesStopped, isDryRun }: FeedStanding,
  readBook: (symbol: string) => Promise<Book>,
): Promise<BlockedAnswer | undefined> {
  // What was begun long ago may be no decision of its bar any more: that must hang no exit.
  if (isPast && !(isCaughtUp && (await isExit(intent, readBook)))) {
    return blocked("bar_over", "the bar is over: it is for indicators only");
  }
  if (entriesStopped !== null && !(await isExit(intent, readBook))) {
    return blocked("feed_stale", `entries are stopped: ${entriesStopped}`);
  }
  return isDryRun ? blocked("dry_run", "nothing is sent in a dry run") : undefined;
}

/** Whether the intent reduces what is held, by its own word or else by the book. */
async function isExit(
  { symbol, effect, anchor, portion, side, extension }: IntentInput,
  readBook: (symbol: string) => Promise<Book>,
): Promise<boolean> {
  // A spread counts as an open whatever it does: what it closes only its legs say.
  const terms = { extension: extension ?? null };
  if (isCombo(terms)) {
    const legs = comboLegs(terms);
    if (legs === undefined) return false;
    const closes = legs.map((leg) => isExit({ ...leg, effect: leg.effect ?? undefined }, readBook));
    return (await Promise.all(closes)).every((one) => one);
  }
  if (effect !== undefined) return effect === "close";
  if (anchor !== undefined) return "episode" in anchor;
  return portion !== undefined || (side !== undefined && reduces(await readBook(symbol), side));
}

function blocked(code: BlockCode, message: string): BlockedAnswer {
  const none = { cause: null, difference: null, availableQuantity: null } as const;
  return blockedAnswer({ code, message, ...none }, null);
}
