/**
 * What happened in a session, as points for a chart: entries, exits, fills, what was not sent
 * again, refusals, incidents. Pure: made from the event log and the claims that it speaks of.
 *
 * The position after each mark is known backwards from the one behind the last. Before the latest
 * adjustment, which says nothing of what it replaced, nobody knows it: it is null there. Of a fee
 * it is known how much it took.
 */
import { averagePriceOf, type Claim } from "../claim/claim.ts";
import type { BookEvent, ClaimEvent } from "../claim/claim-event.ts";
import type { EpochMs } from "../core/clock.ts";
import { add, type DecimalText, divide, multiply, negate, subtract } from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import type { Side } from "../identity/intent.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

export const MARK_KINDS = [
  "entry",
  "exit",
  "fill",
  /** A try that was answered without a new order, or an intent that was turned away. */
  "blocked",
  "refused",
  "incident",
  "resolved",
  "adjusted",
] as const;
export type MarkKind = (typeof MARK_KINDS)[number];

export interface SessionMark {
  readonly sequence: number;
  readonly at: EpochMs;
  readonly symbol: string;
  readonly kind: MarkKind;
  readonly agent: string | null;
  readonly requestId: string | null;
  readonly incident: number | null;
  readonly side: Side | null;
  readonly quantity: DecimalText | null;
  readonly price: DecimalText | null;
  readonly notionalUsd: DecimalText | null;
  /** The position behind it; null where nobody knows. */
  readonly net: DecimalText | null;
  /** In a few words. */
  readonly text: string;
}

export type ClaimLookup = (key: ClaimKey) => Claim | undefined;
type Told = Partial<Omit<SessionMark, "sequence" | "at" | "symbol" | "net">> &
  Pick<SessionMark, "kind" | "text">;

/** `net` gives the position as it is behind the last of `events`; null where nobody knows. */
export function sessionMarks(
  events: readonly StoredEvent[],
  claimOf: ClaimLookup,
  net: (symbol: string) => DecimalText | null,
): readonly SessionMark[] {
  const after = new Map<string, DecimalText | null>();
  const marks: SessionMark[] = [];
  for (const event of events.toReversed()) {
    const told = tell(event, claimOf);
    if (told === undefined) continue;
    const { sequence, at, symbol } = event;
    const known = after.has(symbol) ? (after.get(symbol) ?? null) : net(symbol);
    marks.push({ ...NOTHING, ...told, sequence, at, symbol, net: known });
    after.set(symbol, before(event, told, known));
  }
  return marks.reverse();
}

const NOTHING = {
  ...{ agent: null, requestId: null, incident: null, side: null },
  ...{ quantity: null, price: null, notionalUsd: null },
} as const;

/** The position in front of a mark, by the one behind it. */
function before(
  { body }: StoredEvent,
  { kind, side, quantity }: Told,
  net: DecimalText | null,
): DecimalText | null {
  if (body.type === "position_adjusted" && body.fee !== undefined) return add(body.net, body.fee);
  if (kind === "adjusted") return null;
  if (kind !== "fill" || net === null || !quantity) return net;
  return subtract(net, side === "buy" ? quantity : negate(quantity));
}

function tell(event: StoredEvent, claimOf: ClaimLookup): Told | undefined {
  if (event.subject === "book") return tellOfBook(event.body);
  if (event.subject === "guard") return undefined;
  const { agent, requestId } = event.key;
  const told = tellOfClaim(event.body, claimOf(event.key));
  return told && { ...told, agent, requestId };
}

function tellOfClaim(body: ClaimEvent, claim: Claim | undefined): Told | undefined {
  const side = claim?.intent.side ?? null;
  switch (body.type) {
    case "claimed": {
      const { effect, quantity } = body.intent;
      const kind = effect === "open" ? "entry" : "exit";
      return { kind, side: body.intent.side, quantity, text: orderInWords(body.intent) };
    }
    case "reopened":
      return {
        kind: claim?.intent.effect === "close" ? "exit" : "entry",
        side,
        text: "tried again",
      };
    case "fill_booked":
    case "late_fill_booked":
      return fill(body, side);
    case "leg_booked":
      return fill(body, body.side);
    case "refused": {
      const { httpStatus, message } = body.refusal;
      return { kind: "refused", side, text: `refused: ${httpStatus} ${message}` };
    }
    case "repeat_answered": {
      const notionalUsd = notionalOf(claim);
      const quantity = claim?.intent.quantity ?? null;
      const why = body.code === null ? body.answer : `${body.answer} ${body.code}`;
      return { kind: "blocked", side, quantity, notionalUsd, text: `${why}: nothing was sent` };
    }
    default:
      return undefined;
  }
}

function fill(
  { quantity, cost }: { readonly quantity: DecimalText; readonly cost: DecimalText },
  side: Side | null,
): Told {
  const price = divide(cost, quantity);
  return { kind: "fill", side, quantity, price, text: `${quantity} filled @ ${price}` };
}

function tellOfBook(body: BookEvent): Told | undefined {
  switch (body.type) {
    case "incident_opened":
      return { kind: "incident", incident: body.incident, text: body.summary };
    case "incident_resolved":
      return { kind: "resolved", incident: body.incident, text: body.reason };
    case "position_adjusted": {
      const because = body.fee === undefined ? "" : `: the broker kept ${body.fee} as its fee`;
      const text = `the book takes over ${body.net}${because}`;
      return { kind: "adjusted", quantity: body.net, text };
    }
    case "opening_adopted":
      return { kind: "adjusted", quantity: body.net, text: `held at the start: ${body.net}` };
    case "intent_blocked": {
      const { agent, side, quantity } = body.intent;
      const text = `BLOCKED ${body.code}: nothing was sent`;
      return { kind: "blocked", agent, side, quantity, text };
    }
    case "incident_evidence":
      return undefined;
  }
}

/** What the order that it would have repeated came to, or would have. */
function notionalOf(claim: Claim | undefined): DecimalText | null {
  if (claim === undefined) return null;
  const { quantity, notional, limitPrice } = claim.intent;
  const price = averagePriceOf(claim) ?? limitPrice;
  return quantity === null || price === null ? notional : multiply(quantity, price);
}
