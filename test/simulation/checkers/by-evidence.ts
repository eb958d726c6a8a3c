/**
 * I4: what the store calls certain is so at the broker, at that moment; and nothing is repeated
 * without a look that found nothing.
 */
import type { EpochMs } from "../../../src/core/clock.ts";
import { compare, type DecimalText } from "../../../src/core/decimal.ts";
import type { StoredEvent } from "../../../src/ledger/ledger.ts";
import { isWorking, type Order } from "../../../src/simulator/order.ts";
import { epochMs } from "../../../src/simulator/timestamp.ts";
import type { Outcome } from "../outcome.ts";
import { openingOf, positionSteps } from "./broker-record.ts";
import { openingsOf, postsOfOneClaim } from "./openings.ts";
import type { Violation } from "./violation.ts";

/**
 * An order that reaches the broker later than this after it was sent is beyond what a proof of
 * absence can see; docs/decisions/0004 says what becomes of it.
 */
const LATEST_ARRIVAL_MS = 12_000;
/** How old a position may be that a book is corrected to: lag, agreement of reads, quiet time. */
const OLDEST_POSITION_MS = 75_000;

export function byEvidence(outcome: Outcome): readonly Violation[] {
  const attempts = new Map<string, string>();
  const found: string[] = [];
  for (const { at, events } of outcome.facts.commits) {
    for (const event of events) {
      const wrong = judge(outcome, attempts, event, at);
      if (wrong !== undefined) found.push(wrong);
    }
  }
  return [...found, ...blindRepeats(outcome)].map((what) => ({ invariant: "I4", what }));
}

/** `attempts`: the client_order_id under which each claim was opened last. */
function judge(
  outcome: Outcome,
  attempts: Map<string, string>,
  event: StoredEvent,
  at: EpochMs,
): string | undefined {
  const { body } = event;
  const name = event.subject === "claim" ? `${event.key.agent}/${event.key.requestId}` : "";
  if ("clientOrderId" in body && body.type !== "replace_dropped") {
    if (body.type !== "replace_requested") attempts.set(name, body.clientOrderId);
  }
  const clientOrderId = attempts.get(name) ?? "";
  switch (body.type) {
    case "absence_proved":
    case "not_sent_concluded":
    case "refused": {
      const order = orderAt(outcome, name, clientOrderId, at);
      if (order === undefined) return undefined;
      return `${body.type} for ${clientOrderId}, which the broker has (${order.status})`;
    }
    case "order_ended":
      return endedOtherwise(outcome, body.order.brokerOrderId, body.order.status);
    case "position_adjusted":
      return neverHeld(outcome, event.symbol, body.net, at);
    default:
      return undefined;
  }
}

/**
 * The claim's order, as far as it had come to the broker in time and by then. Under an id of the
 * bots' own it may be another agent's.
 */
function orderAt(
  { broker, facts, disk }: Outcome,
  name: string,
  clientOrderId: string,
  at: EpochMs,
): Order | undefined {
  const order = broker.orders().find((one) => one.clientOrderId === clientOrderId);
  if (order === undefined || epochMs(order.submittedAt) > at) return undefined;
  // Whose POST made an order of an id that two agents gave, nobody can tell.
  const claims = new Set(openingsOf(facts, clientOrderId).map(({ claim }) => claim));
  if (claims.size > 1) return undefined;
  const holder = disk.claims().find(({ brokerOrderId }) => brokerOrderId === order.id)?.key;
  if (holder !== undefined && `${holder.agent}/${holder.requestId}` !== name) return undefined;
  const sent = facts.posts.filter((post) => post.clientOrderId === clientOrderId);
  const submittedAt = epochMs(order.submittedAt);
  const inTime = sent.some(
    ({ leftAt }) => leftAt <= submittedAt && submittedAt - leftAt <= LATEST_ARRIVAL_MS,
  );
  return inTime ? order : undefined;
}

function endedOtherwise({ broker }: Outcome, id: string, status: string): string | undefined {
  const order = broker.orders().find((one) => one.id === id);
  if (order === undefined) return `the store saw the end of ${id}, which the broker never had`;
  if (isWorking(order)) return `the store saw ${id} ${status}, and it is ${order.status}`;
  return undefined;
}

function neverHeld(
  outcome: Outcome,
  symbol: string,
  net: DecimalText,
  at: EpochMs,
): string | undefined {
  const steps = positionSteps(outcome, symbol);
  const standing = steps.filter((step) => step.at <= at - OLDEST_POSITION_MS).at(-1)?.after;
  const since = steps.filter((step) => step.at > at - OLDEST_POSITION_MS && step.at <= at);
  const held = [standing ?? openingOf(outcome.plan, symbol), ...since.map(({ after }) => after)];
  if (held.some((quantity) => compare(quantity, net) === 0)) return undefined;
  return `the book ${symbol} was set to ${net}, and the broker had ${held.join(", ")}`;
}

/** A POST that follows another of the same id needs a look-up that came back empty in between. */
function blindRepeats({ facts }: Outcome): readonly string[] {
  return [...postsOfOneClaim(facts)].flatMap(([id, tries]) =>
    tries.slice(1).flatMap((post, index) => {
      const earlier = tries[index];
      if (earlier === undefined || earlier.answer === "refused connection") return [];
      const looked = facts.lookUps.some(
        ({ owner, clientOrderId, leftAt, answeredAt, isNotFound }) =>
          owner === post.owner &&
          clientOrderId === id &&
          isNotFound &&
          leftAt >= earlier.leftAt &&
          answeredAt !== null &&
          answeredAt <= post.leftAt,
      );
      return looked ? [] : [`${post.process} sent ${id} again without having looked`];
    }),
  );
}
