/**
 * What a session came to, counted from the event log. Pure; each event belongs to one report.
 *
 * An order counts as sent once per attempt, as soon as anything is known of its POST other than
 * that it never left us. A duplicate is a try that was answered without a new order; its notional
 * is what the order that it would have repeated filled for, and else its limit price's.
 */
import { averagePriceOf, type Claim } from "../claim/claim.ts";
import type { ClaimEventType } from "../claim/claim-event.ts";
import { add, type DecimalText, multiply, toFixed, ZERO } from "../core/decimal.ts";
import type { ClaimKey } from "../core/ids.ts";
import { claimName } from "../core/key-names.ts";
import type { Intent } from "../identity/intent.ts";
import type { StoredEvent } from "../ledger/ledger.ts";

export interface SessionReport {
  readonly ordersSent: number;
  /** Of these, what the broker refused. */
  readonly ordersRefused: number;
  readonly duplicatesBlocked: number;
  /** Of the duplicates whose price is known, in US dollars. */
  readonly duplicateNotionalUsd: string;
  readonly duplicatesOfUnknownPrice: number;
  /** Intents that were turned away before they became a claim, by code. */
  readonly intentsBlocked: Readonly<Record<string, number>>;
  readonly incidentsOpened: number;
  readonly incidentsResolved: number;
}

/** The first of these after an attempt was opened says that its order went out. */
const SENT: ReadonlySet<ClaimEventType> = new Set([
  "accepted",
  "refused",
  "outcome_unknown",
  "order_working",
  "order_ended",
  "order_surfaced",
]);

/** `claimOf` gives the claims that `events` speak of, as they are now. */
export function reportSession(
  events: readonly StoredEvent[],
  claimOf: (key: ClaimKey) => Claim | undefined,
): SessionReport {
  const count = (type: StoredEvent["body"]["type"]) =>
    events.filter(({ body }) => body.type === type).length;
  const notionals = events.flatMap((event) => {
    if (event.subject !== "claim" || event.body.type !== "repeat_answered") return [];
    return [notionalOf(claimOf(event.key))];
  });
  const known = notionals.filter((notional) => notional !== null);
  return {
    ordersSent: countSent(events),
    ordersRefused: count("refused"),
    duplicatesBlocked: notionals.length,
    duplicateNotionalUsd: toFixed(known.reduce(add, ZERO), 2),
    duplicatesOfUnknownPrice: notionals.length - known.length,
    intentsBlocked: countBlocked(events),
    incidentsOpened: count("incident_opened"),
    incidentsResolved: count("incident_resolved"),
  };
}

function countSent(events: readonly StoredEvent[]): number {
  const opened = new Set<string>();
  let sent = 0;
  for (const event of events) {
    if (event.subject !== "claim") continue;
    const { body, key } = event;
    const name = claimName(key);
    if (body.type === "claimed" || body.type === "reopened") opened.add(name);
    else if (SENT.has(body.type) && opened.delete(name)) sent += 1;
  }
  return sent;
}

function countBlocked(events: readonly StoredEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { body } of events) {
    if (body.type === "intent_blocked") counts[body.code] = (counts[body.code] ?? 0) + 1;
  }
  return counts;
}

function notionalOf(claim: Claim | undefined): DecimalText | null {
  if (claim === undefined) return null;
  const { quantity, notional, limitPrice }: Intent = claim.intent;
  const price = averagePriceOf(claim) ?? limitPrice;
  if (quantity === null || price === null) return notional;
  return multiply(quantity, price);
}
