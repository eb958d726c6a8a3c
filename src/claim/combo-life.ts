/**
 * Which lives of its contracts' positions a combo belongs to. Its own book is always flat, so what
 * tells a repeat of it from another order like it is whether one of these has ended since. Pure.
 */
import { type Book, ends, isFlat, reduces, sameClaim, withFill } from "../book/book.ts";
import type { AccountId, ClaimKey } from "../core/ids.ts";
import { comboLegs } from "../identity/combo.ts";
import type { Effect, Intent } from "../identity/intent.ts";
import { type BookedLeg, type Claim, wasFilled } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { isEarlier } from "./order-of-claims.ts";
import { begunBy, type FillSeen } from "./own-episode.ts";
import { isLive } from "./transitions.ts";

type LegBooked = Extract<ClaimEvent, { type: "leg_booked" }>;

/** `events` of the combo `claim`, which are about to be carried out on its contracts' books. */
export function ofTheirLives(
  events: readonly ClaimEvent[],
  claim: Claim,
  seen: FillSeen,
): readonly ClaimEvent[] {
  const { key, intent } = claim;
  const moved = new Map<string, Book>();
  // What a leg says that it opens takes from nothing: an exit behind it was booked first, then.
  const lifeOf = ({ side }: LegBooked, before: Book, said: Effect | null) => {
    if (isFlat(before)) return begunBy(claim, before, seen);
    return said === "open" && reduces(before, side) ? before.episode : undefined;
  };
  const withLife = (event: LegBooked): LegBooked => {
    const { symbol, side } = event;
    const before = moved.get(symbol) ?? seen.bookOf(symbol);
    const said = effectOf(intent, symbol);
    const begun = said === "close" ? undefined : lifeOf(event, before, said);
    const after = withFill(before, { ...event, by: key, episode: begun });
    moved.set(symbol, after);
    const { episode } = after;
    const took = reduces(before, side) && episode === before.episode;
    const closes = said === null ? took : said === "close";
    const { filledAt } = seen;
    const isTold = filledAt !== undefined && ends(before, event);
    return { ...event, episode, ...(closes && { closes }), ...(isTold && { filledAt }) };
  };
  return events.map((event) => (event.type === "leg_booked" ? withLife(event) : event));
}

function effectOf(intent: Intent, contract: string): Effect | null {
  return comboLegs(intent)?.find(({ symbol }) => symbol === contract)?.effect ?? null;
}

/** What the ledger has of a combo's contracts. */
export interface Contracts {
  bookOf(contract: string): Book;
  claimOf(key: ClaimKey): Claim | undefined;
}

/**
 * Whether a position that the combo's fills were of has ended since, by another order than it.
 * Where nothing is held for it of a contract that it closes no other exit like it can be meant.
 */
export function isOfEarlierLife(combo: Claim, contracts: Contracts): boolean {
  if (isLive(combo.status) || !wasFilled(combo)) return false;
  const legs = latestLegs(combo);
  const isPossible = legs.every(
    ({ symbol, side, closes }) => !closes || reduces(contracts.bookOf(symbol), side),
  );
  return isPossible && legs.some((leg) => hasEnded(leg, combo, contracts));
}

/** Of each contract; an order in the place of another has its own, perhaps of a later life. */
function latestLegs({ legs }: Claim): readonly BookedLeg[] {
  const all = Object.values(legs);
  const isLatest = ({ symbol, episode = 0 }: BookedLeg) =>
    !all.some((other) => other.symbol === symbol && (other.episode ?? 0) > episode);
  return all.filter(isLatest);
}

function hasEnded(
  { symbol, episode, closes }: BookedLeg,
  combo: Claim,
  { bookOf, claimOf }: Contracts,
): boolean {
  const book = bookOf(symbol);
  // Claims of older ledgers do not say: such a one may be of the position as it is.
  if (episode === undefined) return false;
  // What an exit has left may be closed by another: it is an exit of this position still.
  if (closes) return episode !== book.episode;
  if (episode === book.episode && !isFlat(book)) return false;
  if (effectOf(combo.intent, symbol) === "open") return true;
  const { closedBy } = book;
  if (closedBy === null) return true;
  if (sameClaim(closedBy, combo.key)) return episode !== book.episode;
  // What was opened before it has not ended what it began: their fills are booked the other way
  // round than they came about.
  const closer = claimOf(keyIn(combo.key.account, closedBy));
  return closer === undefined || !isEarlier(closer, combo);
}

function keyIn(account: AccountId, { agent, requestId }: Pick<ClaimKey, "agent" | "requestId">) {
  return { account, agent, requestId };
}
