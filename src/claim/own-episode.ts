/**
 * An entry belongs to the life of the position that its fill begins. It was claimed as one of the
 * life before where an exit at work, which could not be read then, had ended that already: a repeat
 * of it is looked for among the entries of the position that is held. Pure.
 */
import { type Book, isFlat } from "../book/book.ts";
import type { Claim } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";

/** `events` of `claim`, which are about to be carried out on `book`. */
export function ofTheirEpisode(
  events: readonly ClaimEvent[],
  { intent, episode }: Claim,
  book: () => Book,
): readonly ClaimEvent[] {
  if (intent.effect !== "open" || !events.some(isFill)) return events;
  const before = book();
  const begun = before.episode + 1;
  if (!isFlat(before) || episode === begun) return events;
  return events.map((event) => (isFill(event) ? { ...event, episode: begun } : event));
}

function isFill(
  event: ClaimEvent,
): event is Extract<ClaimEvent, { type: "fill_booked" | "late_fill_booked" }> {
  return event.type === "fill_booked" || event.type === "late_fill_booked";
}
