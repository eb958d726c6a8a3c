/**
 * Decides whether an order opens or closes, where its caller does not say. The book knows: an order
 * against the position closes, one with it opens. While flat, an order that repeats the close which
 * ended the position is that close once more; a sell closes unless shorts are allowed, and is then
 * refused with the claim that closed the position as its cause. Runs in the claim transaction.
 */
import { type Book, isFlat, reduces } from "../book/book.ts";
import type { Effect, Intent, IntentDraft } from "../identity/intent.ts";
import type { Claim } from "./claim.ts";
import type { ClaimPolicy } from "./policy.ts";
import type { SidedDraft } from "./resolve-portion.ts";
import { type AskedAt, repeatedBy } from "./same-action.ts";

export interface EffectSnapshot {
  readonly book: Book;
  /** The claim under the intent's own request id, whose effect a repeat has too. */
  readonly existing: Claim | undefined;
  /** Equal closes of the same agent, the latest first; needed only where {@link asksForCloses}. */
  readonly equalCloses: readonly Claim[];
}

/** Whether an equal close of late decides what the draft is. */
export function asksForCloses(
  draft: IntentDraft,
  book: Book,
  existing: Claim | undefined,
): boolean {
  return draft.effect === null && existing === undefined && isFlat(book);
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
  { book, existing, equalCloses }: EffectSnapshot,
  asked: AskedAt,
  policy: ClaimPolicy,
): Effect {
  if (draft.effect !== null) return draft.effect;
  if (existing !== undefined) return existing.intent.effect;
  if (reduces(book, draft.side)) return "close";
  if (!isFlat(book)) return "open";
  const again = repeatedBy(equalCloses, book.episode, asked, policy);
  if (again !== undefined) return "close";
  return draft.side === "sell" && !policy.allowShort ? "close" : "open";
}
