/**
 * The session as lines to read: what each row came to without the latch and with it. Short, because
 * five columns share a terminal: what the Event column says is not said again beside it.
 */
import type { Claim } from "../claim/claim.ts";
import { ERRORS } from "../core/errors.ts";
import type { PlacedOrder } from "./bot-messages.ts";
import { claimText, fillText, shortId } from "./claim-text.ts";
import type { GuardedWorld } from "./guarded-world.ts";
import { claimsByRow, type SessionClaim } from "./ledger-claims.ts";
import type { Tried } from "./old-bot.ts";
import type { GuardAnswer } from "./old-guard.ts";
import type { TimelineRow } from "./report.ts";
import type {
  BrokerFaultEvent,
  EntriesWantedEvent,
  OrderEvent,
  Session,
  StoreFaultEvent,
} from "./session.ts";
import { unguardedDuplicates } from "./tally.ts";
import type { RowOrder, UnguardedWorld } from "./unguarded-world.ts";

/** A broker's message is cut behind so many characters. */
const MESSAGE_MAX = 60;
/** The broker's words for what is common, and what matters of them. */
const SHORT_MESSAGES: readonly (readonly [RegExp, string])[] = [
  [
    /insufficient qty available for order \(requested: \S+, available: (\S+)\)/,
    "insufficient qty (available $1)",
  ],
  [/(position intent mismatch), inferred: .*/, "$1"],
  [/<.*/s, "a web page"],
];

export function timelineOf(
  session: Session,
  unguarded: UnguardedWorld,
  guarded: GuardedWorld,
): readonly TimelineRow[] {
  const duplicates = new Set(unguardedDuplicates(session, unguarded));
  const claims = claimsByRow(guarded.ledger.events);
  return session.events.map((event, index): TimelineRow => {
    if (event.kind === "broker_fault") return faultRow(event);
    if (event.kind === "store_fault") return storeRow(event);
    if (event.kind === "entries_wanted") return entriesRow(event, index, unguarded, guarded);
    const { id } = event;
    const orders = unguarded.orders.filter(({ rowId }) => rowId === id);
    const withLatch = guarded.tried.get(id);
    return {
      ...rowOf(event, event.time, orderText(event)),
      unguarded: withoutLatchText(event, orders, duplicates, unguarded),
      guarded: withLatchText(event, withLatch, claims.get(id)),
      claim: shortId(claims.get(id)?.claim.key.requestId ?? ""),
      highlight: highlightOf(event, orders, duplicates, withLatch),
    };
  });
}

function rowOf(event: { mark: TimelineRow["mark"] }, time: string, text: string): TimelineRow {
  const blank = { unguarded: "", guarded: "", claim: "", highlight: "none" } as const;
  return { time, mark: event.mark, event: text, ...blank };
}

/** A row that repeats another has its reason too. */
function orderText({ side, symbol, quantity, reason, duplicateOf }: OrderEvent): string {
  return `${side} ${symbol} ${quantity}${duplicateOf === null ? `, ${reason}` : " again"}`;
}

function highlightOf(
  event: OrderEvent,
  orders: readonly RowOrder[],
  duplicates: ReadonlySet<RowOrder>,
  withLatch: Tried<PlacedOrder> | undefined,
): TimelineRow["highlight"] {
  if (event.duplicateOf !== null || orders.some((order) => duplicates.has(order))) {
    return "duplicate";
  }
  return withLatch?.result === null ? "blocked" : "none";
}

/** What the guard of old said, where it matters. */
function guardText(answer: GuardAnswer | undefined): readonly string[] {
  if (answer === "skip") return ["SKIP, not sent, taken for a fill"];
  return answer === "failed_open" ? ["no claim, sent all the same"] : [];
}

function withoutLatchText(
  event: OrderEvent,
  orders: readonly RowOrder[],
  duplicates: ReadonlySet<RowOrder>,
  { tried, guardAnswers }: UnguardedWorld,
): string {
  const filled = orders.map((order) => {
    const text = fillText(event.quantity, order.filledQuantity, order.averagePrice, order.status);
    return duplicates.has(order) ? `DUPLICATE ${text.replace(/^filled /, "")}` : text;
  });
  const failures = tried.get(event.id)?.failures ?? [];
  const failed = failures.length === 0 ? [] : [failuresText(failures)];
  const parts = [...guardText(guardAnswers.get(event.id)), ...failed, ...filled];
  return parts.length === 0 ? "not sent" : parts.join("; ");
}

/** `refused 3 times: 422 ...`; an answer that did not come is no refusal. */
function failuresText(failures: readonly string[]): string {
  const [first = ""] = failures;
  const what = /^4\d\d /.test(first) ? "refused" : "failed";
  return `${what} ${times(failures.length)}: ${shortened(first)}`;
}

function shortened(message: string): string {
  const short = SHORT_MESSAGES.reduce((text, [long, brief]) => text.replace(long, brief), message);
  return short.length <= MESSAGE_MAX ? short : `${short.slice(0, MESSAGE_MAX)}...`;
}

function withLatchText(
  event: OrderEvent,
  tried: Tried<PlacedOrder> | undefined,
  claim: SessionClaim | undefined,
): string {
  if (tried === undefined) return "no answer by the end";
  if (tried.result === null) return blockedText(tried.failures, claim?.claim);
  const { status } = tried.result;
  if (status === "SKIP" || claim === undefined) return `${status}, not sent`;
  if (!claim.sentBy.includes(event.id)) return `${status}, not sent`;
  const came = claimText(event.quantity, claim.claim);
  return status === "PROCEED" ? came : `${status}, then ${came}`;
}

/** A refusal by the broker was sent; the latch kept the tries behind it from being sent as well. */
function blockedText(failures: readonly string[], claim: Claim | undefined): string {
  if (failures.every((code) => code in ERRORS)) {
    const codes = [...new Set(failures)].join(", ");
    return `fails closed ${times(failures.length)}: ${codes}, not sent`;
  }
  const codes = [...new Set(failures.filter((code) => code !== "refused_by_broker"))];
  const blocked = failures.length - failures.indexOf(codes[0] ?? "");
  const refusal = failures.includes("refused_by_broker") ? claim?.refusal : undefined;
  const parts = [
    ...(refusal ? [`refused ${refusal.httpStatus} once`] : []),
    ...(codes.length === 0 ? [] : [`BLOCKED ${times(blocked)}: ${codes.join(", ")}`]),
    ...(claim === undefined || claim.status === "SETTLED" ? [] : [claim.status]),
  ];
  return parts.join("; ");
}

function faultRow(event: BrokerFaultEvent): TimelineRow {
  const faults = event.rules.map(({ match, fault, times: count }) => {
    const what = [match.side, match.symbol].filter(Boolean).join(" ") || match.path || "everything";
    const status = "status" in fault ? `: ${fault.status}` : "";
    return `fault: ${fault.kind} ${what}${status}, ${times(count ?? 1)}`;
  });
  return { ...rowOf(event, event.time, faults.join("; ")), highlight: "fault" };
}

function storeRow(event: StoreFaultEvent): TimelineRow {
  const text = `fault: no claim can be written until ${event.until}`;
  return { ...rowOf(event, event.from, text), highlight: "fault" };
}

function entriesRow(
  event: EntriesWantedEvent,
  index: number,
  unguarded: UnguardedWorld,
  guarded: GuardedWorld,
): TimelineRow {
  return {
    ...rowOf(event, event.from, `wants ${event.symbol} entry until ${event.until}`),
    unguarded: entriesText(unguarded.blockedMinutes.get(index)),
    guarded: entriesText(guarded.blockedMinutes.get(index)),
    highlight: unguarded.blockedMinutes.has(index) ? "blocked" : "none",
  };
}

function entriesText(blockedMinutes: number | undefined): string {
  return blockedMinutes === undefined ? "free" : `ENTRY BLOCKED for ${blockedMinutes} minutes`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
