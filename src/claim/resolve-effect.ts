/**
 * Decides whether an order opens or closes, where its caller does not say. The book knows: an order
 * against the position closes, one with it opens. While flat, an order that repeats the close which
 * ended the position is that close once more; a sell closes unless shorts are allowed, and is then
 * refused with the claim that closed the position as its cause. Runs in the claim transaction.
 *
 * Such a close is the same one until something that it closes is held again. What is held on the
 * other side makes no opening of its repeat, nor does what other agents have opened and closed
 * since; a life that has ended since, and in which its own agent has an order, does.
 */
import { type Book, isFlat, livesOf, reduces } from "../book/book.ts";
import type { Effect, Intent, IntentDraft } from "../identity/intent.ts";
import { type Claim, neverWas } from "./claim.ts";
import type { ClaimPolicy } from "./policy.ts";
import type { SidedDraft } from "./resolve-portion.ts";
import { type AskedAt, repeatedBy } from "./same-action.ts";

/** So many lives before the position's own an equal order is looked for. */
export const LIVES_BACK = 2;

/** Those of the position before `episode` in which one is looked for, the latest first. */
export function livesBefore(episode: number): readonly number[] {
  const count = Math.max(0, Math.min(LIVES_BACK, episode - 1));
  return Array.from({ length: count }, (_, back) => episode - 1 - back);
}

export interface EffectSnapshot {
  readonly book: Book;
  /** The claim under the intent's own request id, whose effect a repeat has too. */
  readonly existing: Claim | undefined;
  /** Equal closes of the same agent, the latest first; needed only where {@link asksForCloses}. */
  readonly equalCloses: readonly Claim[];
  /** What {@link closeOfEarlierLife} has found. */
  readonly earlierClose?: Claim | undefined;
}

/** What the draft's agent has done in one life of the position. */
export interface EarlierLives {
  /** Its closes equal to the draft, the latest first. */
  equalCloses(episode: number): readonly Claim[];
  /** Whether it has an order by itself there that came to something, or may yet. */
  hasTraded(episode: number): boolean;
}

/** Whether an equal close of late decides what the draft is. */
export function asksForCloses(
  draft: IntentDraft,
  book: Book,
  existing: Claim | undefined,
): boolean {
  return draft.effect === null && existing === undefined && isFlat(book);
}

/** The equal close before lives of others that `draft`, which nobody has named, is once more. */
export function closeOfEarlierLife(
  draft: SidedDraft,
  book: Book,
  lives: EarlierLives,
  asked: AskedAt,
  policy: ClaimPolicy,
): Claim | undefined {
  if (draft.effect !== null || reduces(book, draft.side)) return undefined;
  const lastEnded = isFlat(book) ? book.episode : book.episode - 1;
  for (const episode of livesBefore(book.episode)) {
    const again = repeatedBy(lives.equalCloses(episode), [episode], asked, policy);
    if (again === undefined || neverWas(again)) continue;
    return hasTradedIn(lives, episode + 1, lastEnded) ? undefined : again;
  }
  return undefined;
}

function hasTradedIn(lives: EarlierLives, from: number, until: number): boolean {
  if (from > until) return false;
  return lives.hasTraded(from) || hasTradedIn(lives, from + 1, until);
}

export function resolveEffect(
  draft: SidedDraft,
  snapshot: EffectSnapshot,
  asked: AskedAt,
  policy: ClaimPolicy,
): Intent {
  return { ...draft, effect: effectOf(draft, snapshot, asked, policy) };
}

function effectOf(
  draft: SidedDraft,
  { book, existing, equalCloses, earlierClose }: EffectSnapshot,
  asked: AskedAt,
  policy: ClaimPolicy,
): Effect {
  if (draft.effect !== null) return draft.effect;
  if (existing !== undefined) return existing.intent.effect;
  if (reduces(book, draft.side) || earlierClose !== undefined) return "close";
  if (!isFlat(book)) return "open";
  const again = repeatedBy(equalCloses, livesOf(book, "close"), asked, policy);
  if (again !== undefined) return "close";
  return draft.side === "sell" && !policy.allowShort ? "close" : "open";
}
