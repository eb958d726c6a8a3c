/**
 * Which lives of its contracts' positions a combo belongs to. Its own book is always flat, so what
 * tells a repeat of it from another order like it is whether one of these has ended since. Pure.
 */
import { type Book, isFlat, sameClaim, withFill } from "../book/book.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";
import { type BookedLeg, type Claim, wasFilled } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { isLive } from "./transitions.ts";

type LegBooked = Extract<ClaimEvent, { type: "leg_booked" }>;

/** `events` of the combo `claim`, which are about to be carried out on its contracts' books. */
export function ofTheirLives(
  events: readonly ClaimEvent[],
  { key }: Claim,
  bookOf: (contract: string) => Book,
): readonly ClaimEvent[] {
  const moved = new Map<string, Book>();
  const withLife = (event: LegBooked): LegBooked => {
    const after = withFill(moved.get(event.symbol) ?? bookOf(event.symbol), { ...event, by: key });
    moved.set(event.symbol, after);
    return { ...event, episode: after.episode };
  };
  return events.map((event) => (event.type === "leg_booked" ? withLife(event) : event));
}

/** What the ledger has of a combo's contracts. */
export interface Contracts {
  bookOf(contract: string): Book;
  claimOf(key: ClaimKey): Claim | undefined;
}

/** Whether a position that the combo's fills were of has ended since, by another order than it. */
export function isOfEarlierLife(combo: Claim, contracts: Contracts): boolean {
  if (isLive(combo.status) || !wasFilled(combo)) return false;
  return Object.values(combo.legs).some((leg) => hasEnded(leg, combo, contracts));
}

function hasEnded(
  { symbol, episode }: BookedLeg,
  combo: Claim,
  { bookOf, claimOf }: Contracts,
): boolean {
  const book = bookOf(symbol);
  // Claims of older ledgers do not say: such a one may be of the position as it is.
  if (episode === undefined || (episode === book.episode && !isFlat(book))) return false;
  const { closedBy } = book;
  if (closedBy === null) return true;
  if (sameClaim(closedBy, combo.key)) return episode !== book.episode;
  // What was claimed before it has not ended what it began: their fills are booked the other way
  // round than they came about.
  const closer = claimOf(keyIn(combo.key.account, closedBy));
  return closer === undefined || !isEarlier(closer, combo);
}

function keyIn(account: AccountId, { agent, requestId }: Pick<ClaimKey, "agent" | "requestId">) {
  return { account, agent, requestId };
}

/** One process has one clock; two of them know the broker's. */
function isEarlier(claim: Claim, than: Claim): boolean {
  const { brokerClaimedAt: at, owner } = claim;
  const { brokerClaimedAt: before } = than;
  const isByBroker = owner !== than.owner && typeof at === "number" && typeof before === "number";
  return isByBroker ? at < before : claim.claimedAt < than.claimedAt;
}
