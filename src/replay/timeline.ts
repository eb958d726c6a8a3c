/** The session as lines to read: what each row came to without the latch and with it. */
import { averagePriceOf, type Claim } from "../claim/claim.ts";
import { toFixed } from "../core/decimal.ts";
import type { PlacedOrder } from "./bot-messages.ts";
import type { GuardedWorld } from "./guarded-world.ts";
import { claimsOf } from "./ledger-claims.ts";
import type { Tried } from "./old-bot.ts";
import type { TimelineRow } from "./report.ts";
import type { BrokerFaultEvent, EntriesWantedEvent, OrderEvent, Session } from "./session.ts";
import type { ListedOrder } from "./session-broker.ts";
import type { UnguardedWorld } from "./unguarded-world.ts";

/** Digits of a request id that are shown; enough to find it among the claims of a day. */
const ID_DIGITS = 8;

export function timelineOf(
  session: Session,
  unguarded: UnguardedWorld,
  guarded: GuardedWorld,
): readonly TimelineRow[] {
  const claims = [...claimsOf(guarded.ledger.events).values()].map(({ claim }) => claim);
  return session.events.map((event, index): TimelineRow => {
    if (event.kind === "order") return orderRow(event, unguarded, guarded, claims);
    if (event.kind === "broker_fault") return faultRow(event);
    return entriesRow(event, index, unguarded, guarded);
  });
}

function orderRow(
  event: OrderEvent,
  unguarded: UnguardedWorld,
  guarded: GuardedWorld,
  claims: readonly Claim[],
): TimelineRow {
  const tried = guarded.tried.get(event.id);
  const claim = claims.find(({ key, intent }) =>
    tried?.result ? key.requestId === tried.result.requestId : intent.decisionId === event.id,
  );
  const isDuplicate = event.duplicateOf !== null;
  return {
    time: event.time,
    mark: event.mark,
    event: `${event.side} ${event.symbol} ${event.quantity}, ${event.reason}${
      isDuplicate ? " (again)" : ""
    }`,
    unguarded: withoutLatch(event, unguarded),
    guarded: withLatch(tried, claim),
    claim: claim === undefined ? "" : `${shortId(claim)} ${claim.status}`,
    highlight: highlightOf(event, tried),
  };
}

function highlightOf(
  event: OrderEvent,
  tried: Tried<PlacedOrder> | undefined,
): TimelineRow["highlight"] {
  if (event.duplicateOf !== null) return "duplicate";
  return tried?.result === null ? "blocked" : "none";
}

function withoutLatch(event: OrderEvent, world: UnguardedWorld): string {
  const order = world.orders.find(({ rowId }) => rowId === event.id);
  const tried = world.tried.get(event.id);
  if (order === undefined) return refusedText(tried?.failures ?? []);
  return `${event.duplicateOf === null ? "" : "DUPLICATE "}${fillText(order)}`;
}

function refusedText(failures: readonly string[]): string {
  const [first] = failures;
  if (first === undefined) return "not sent";
  return `refused ${failures.length} times: ${first}`;
}

function fillText(order: ListedOrder): string {
  if (order.averagePrice === null) return order.status;
  return `filled ${order.filledQuantity} @ ${toFixed(order.averagePrice, 2)}`;
}

function withLatch(tried: Tried<PlacedOrder> | undefined, claim: Claim | undefined): string {
  if (tried === undefined) return "no answer before the close";
  const { result, failures } = tried;
  if (result === null) return blockedText(failures);
  switch (result.status) {
    case "PROCEED":
      return claim === undefined ? "sent" : claimFill(claim);
    case "SKIP":
      return "SKIP: not sent again";
    case "PENDING":
      return "PENDING: not sent again";
  }
}

/** The first try's refusal is the broker's; the latch has kept the others from being sent. */
function blockedText(failures: readonly string[]): string {
  const codes = failures.map((failure) => failure.split(":")[0] ?? failure);
  const [first, ...others] = codes;
  if (others.length === 0) return `BLOCKED: ${first}`;
  return `${first}; then ${others.length} times BLOCKED: ${others[0]}`;
}

function claimFill(claim: Claim): string {
  const price = averagePriceOf(claim);
  if (price === null) return claim.outcome ?? claim.orderStatus ?? "sent";
  return `filled ${claim.bookedQuantity} @ ${toFixed(price, 2)}`;
}

function shortId(claim: Claim): string {
  return claim.key.requestId.slice(0, ID_DIGITS);
}

function faultRow(event: BrokerFaultEvent): TimelineRow {
  const faults = event.rules.map(({ match, fault, times }) => {
    const status = "status" in fault ? ` with ${fault.status}` : "";
    const what = [match.side, match.symbol].filter(Boolean).join(" ") || match.path;
    return `${fault.kind} ${what}${status}${times === undefined ? "" : `, ${times} times`}`;
  });
  return {
    time: event.time,
    mark: event.mark,
    event: `broker set to ${faults.join("; ")}`,
    unguarded: "",
    guarded: "",
    claim: "",
    highlight: "fault",
  };
}

function entriesRow(
  event: EntriesWantedEvent,
  index: number,
  unguarded: UnguardedWorld,
  guarded: GuardedWorld,
): TimelineRow {
  return {
    time: event.from,
    mark: event.mark,
    event: `${event.symbol} entries wanted until ${event.until}`,
    unguarded: entriesText(unguarded.blockedMinutes.get(index)),
    guarded: entriesText(guarded.blockedMinutes.get(index)),
    claim: "",
    highlight: unguarded.blockedMinutes.has(index) ? "blocked" : "none",
  };
}

function entriesText(blockedMinutes: number | undefined): string {
  return blockedMinutes === undefined ? "free" : `ENTRY BLOCKED for ${blockedMinutes} minutes`;
}
