/**
 * An entry belongs to the life of the position that its fill is of, whichever it was claimed in: a
 * repeat of it is looked for among the entries of the position that is held. On a flat book a fill
 * begins the next life, as behind an exit at work that could not be read when the entry was
 * claimed. One that came about before the exit which ended the last life, and was read behind it,
 * goes on with that: the position never was flat, and the exit's repeat is that exit. Where another
 * life is in the book by then, the two are one. Pure.
 */
import {
  type Book,
  type ClaimRef,
  endedBefore,
  ends,
  isFlat,
  isRestHeld,
  reduces,
} from "../book/book.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, type DecimalText, ZERO } from "../core/decimal.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import type { Side } from "../identity/intent.ts";
import { type Claim, wasFilled } from "./claim.ts";
import type { ClaimEvent } from "./claim-event.ts";
import { isEarlier } from "./order-of-claims.ts";

/** What tells the life of a fill that is about to be booked. */
export interface FillSeen {
  readonly bookOf: (symbol: string) => Book;
  /** The claim in the account of `by`. */
  readonly claimOf: (by: ClaimRef) => Claim | undefined;
  /**
   * When the order filled, by the broker's clock; undefined where that is not told. Of an entry
   * that filled on both sides of an exit the first time, as far as it is known: first-fill.ts.
   */
  readonly filledAt: EpochMs | undefined;
  /** When an order that has filled came to the broker; null where that is not told. */
  readonly submittedAtOf: (order: BrokerOrderId) => EpochMs | null;
}

type Fill = Extract<ClaimEvent, { type: "fill_booked" | "late_fill_booked" }>;

/** `events` of `claim`, which are about to be carried out on the book of its symbol. */
export function ofTheirEpisode(
  events: readonly ClaimEvent[],
  claim: Claim,
  seen: FillSeen,
): readonly ClaimEvent[] {
  const { side, symbol, effect } = claim.intent;
  if (!events.some(isFill)) return events;
  const before = seen.bookOf(symbol);
  const told = (change: (fill: Fill) => Fill) =>
    events.map((event) => (isFill(event) ? change(event) : event));
  if (reduces(before, side)) return asTheyClose(events, before, side, seen);
  if (effect !== "open") return events;
  const isBehind = isRestHeld(before);
  const isOwn = claim.episode === before.episode + (isFlat(before) ? 1 : 0);
  const isOne = !isFlat(before) && cameBeforeEnd(before, seen) === true;
  if (isOwn && !isBehind && !isOne) return events;
  const episode = isFlat(before) ? begunBy(claim, before, seen) : before.episode;
  const ofLife = isOwn ? {} : { episode };
  const ofLives = isOne ? { ...ofLife, lifeFrom: before.episode - 1 } : ofLife;
  return told((fill) => {
    const submittedAt = isBehind ? seen.submittedAtOf(fill.brokerOrderId) : null;
    return submittedOn({ ...fill, ...ofLives }, submittedAt);
  });
}

/**
 * An exit that had ended the position before what is held now was opened is of the life before: an
 * equal one closes this. One that was replaced may show fills of two orders at once: what they come
 * to together counts. Of what else is closed while something was opened behind exits at work its
 * order's coming tells whether it is of that.
 */
function asTheyClose(
  events: readonly ClaimEvent[],
  before: Book,
  side: Side,
  { filledAt, submittedAtOf }: FillSeen,
): readonly ClaimEvent[] {
  const all = sumOf(events.filter(isFill));
  const isOfLast = endedBefore(before, { quantity: all, filledAt });
  const isBehind = before.openedBehind !== undefined;
  let quantity = ZERO;
  return events.map((event) => {
    if (!isFill(event)) return event;
    if (isOfLast) return { ...filledOn(event, filledAt), episode: before.episode - 1 };
    quantity = add(quantity, event.quantity);
    if (ends(before, { side, quantity })) return filledOn(event, filledAt);
    return isBehind ? submittedOn(event, submittedAtOf(event.brokerOrderId)) : event;
  });
}

function sumOf(fills: readonly Fill[]): DecimalText {
  return fills.reduce((sum, fill) => add(sum, fill.quantity), ZERO);
}

/** The life that a fill of the entry begins on the flat book `before`, or goes on with. */
export function begunBy(entry: Claim, before: Book, seen: FillSeen): number {
  const next = before.episode + 1;
  const { closedBy } = before;
  const exit = closedBy === null ? undefined : seen.claimOf(closedBy);
  if (exit === undefined || !hasFilled(exit)) return next;
  return (cameBeforeEnd(before, seen) ?? isEarlier(entry, exit)) ? before.episode : next;
}

/** Whether the fill came before the last end of a position; undefined where no times tell. */
function cameBeforeEnd(
  { closedAt }: Book,
  { filledAt }: Pick<FillSeen, "filledAt">,
): boolean | undefined {
  const isTold = filledAt !== undefined && closedAt !== undefined && filledAt !== closedAt;
  return isTold ? filledAt < closedAt : undefined;
}

/** When the last position ended, where that was between the order's coming and its last fill. */
export function endAmid(
  before: Book,
  { submittedAt, filledAt }: { readonly submittedAt: EpochMs | null; readonly filledAt: EpochMs },
): EpochMs | undefined {
  const { closedAt } = before;
  if (!isFlat(before) || closedAt === undefined || submittedAt === null) return undefined;
  return submittedAt < closedAt && closedAt < filledAt ? closedAt : undefined;
}

/** A close that is over because its shares were gone has filled nothing. */
function hasFilled(exit: Claim): boolean {
  return wasFilled(exit) || Object.keys(exit.legs).length > 0;
}

/** In the order of canonical JSON: see canonical-json.ts. */
function filledOn(fill: Fill, filledAt: EpochMs | undefined): Fill {
  if (filledAt === undefined) return fill;
  const { quantity, source, type, ...first } = fill;
  return { ...first, filledAt, quantity, source, type };
}

function submittedOn(fill: Fill, submittedAt: EpochMs | null): Fill {
  if (submittedAt === null) return fill;
  const { type, ...first } = fill;
  return { ...first, submittedAt, type };
}

function isFill(event: ClaimEvent): event is Fill {
  return event.type === "fill_booked" || event.type === "late_fill_booked";
}
