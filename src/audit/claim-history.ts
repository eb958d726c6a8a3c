/** The whole life of one claim: its events, and what of them is an attempt or evidence. */
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Claim } from "../claim/claim.ts";
import type { ClaimEvent } from "../claim/claim-event.ts";
import type { BrokerOrder, EvidenceSource } from "../claim/evidence.ts";
import type { EpochMs } from "../core/clock.ts";
import { type DecimalText, divide } from "../core/decimal.ts";
import { CLOCK_BEHIND_MAX_MS } from "../core/floored-clock.ts";
import type { ClientOrderId, OwnerId } from "../core/ids.ts";
import type { Side } from "../identity/intent.ts";
import type { Ledger, StoredEvent } from "../ledger/ledger.ts";
import { lastBefore } from "./event-time.ts";

export type HistoryEvent = Extract<StoredEvent, { subject: "claim" }>;

export interface Attempt {
  readonly attempt: number;
  readonly at: EpochMs;
  readonly clientOrderId: ClientOrderId;
  readonly owner: OwnerId;
}

export interface Evidence {
  readonly at: EpochMs;
  /** `sender`: the process that sent, or could not; `verdict`: what was concluded of the others. */
  readonly source: EvidenceSource | "sender" | "verdict";
  /** What it says, in a sentence. */
  readonly text: string;
}

/** Shares that the broker filled, as they were booked. */
export interface Fill {
  readonly at: EpochMs;
  readonly source: EvidenceSource;
  /** Of a leg that has no claim of its own another one than the claim's. */
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly price: DecimalText;
}

const LIMIT = 500;

/** Events have no index by claim: those since it was made are looked through. */
export async function historyOf(
  ledger: Pick<Ledger, "events" | "lastSequence" | "scan">,
  { key, claimedAt }: Claim,
  onProgress: (done: number, total: number) => void,
): Promise<readonly HistoryEvent[]> {
  const { account, agent, requestId } = key;
  const begin = await lastBefore(ledger, claimedAt - CLOCK_BEHIND_MAX_MS);
  const before = (await ledger.lastSequence()) + 1;
  const found: HistoryEvent[] = [];
  for (let after = begin; ; ) {
    const scan = { account, agent, requestId, after, before, limit: LIMIT } as const;
    const { events, reached, isOver } = await ledger.scan({ ...scan, order: "oldest_first" });
    found.push(...events.filter((event) => event.subject === "claim"));
    if (isOver) return found;
    after = reached;
    onProgress(after - begin, before - begin);
    await turnOfTheLoop();
  }
}

export function attemptsIn(events: readonly HistoryEvent[]): readonly Attempt[] {
  return events.flatMap(({ at, body }): readonly Attempt[] => {
    switch (body.type) {
      case "claimed":
      case "reopened": {
        const { attempt, clientOrderId, owner } = body;
        return [{ attempt, at, clientOrderId, owner }];
      }
      default:
        return [];
    }
  });
}

export function evidenceIn(events: readonly HistoryEvent[]): readonly Evidence[] {
  return events.flatMap(({ at, body }) => {
    const found = evidenceOf(body);
    return found === undefined ? [] : [{ at, source: found[0], text: found[1] }];
  });
}

export function fillsIn(events: readonly HistoryEvent[], { intent }: Claim): readonly Fill[] {
  return events.flatMap(({ at, body }): readonly Fill[] => {
    switch (body.type) {
      case "fill_booked":
      case "late_fill_booked":
      case "leg_booked": {
        const side = body.type === "leg_booked" ? body.side : intent.side;
        const { source, quantity, cost } = body;
        return [{ at, source, side, quantity, price: divide(cost, quantity) }];
      }
      default:
        return [];
    }
  });
}

type Found = readonly [source: Evidence["source"], text: string];

function evidenceOf(body: ClaimEvent): Found | undefined {
  switch (body.type) {
    case "accepted":
      return ["response", `the broker took it: ${orderText(body.order)}`];
    case "refused":
      return ["response", `refused with ${body.refusal.httpStatus} ${body.refusal.message}`];
    case "rate_limited":
      return ["response", `not taken yet: ${body.reason}`];
    case "attempt_not_sent":
    case "not_sent_concluded":
      return ["sender", `certainly not sent: ${body.reason}`];
    case "outcome_unknown":
      return ["sender", `nobody knows: ${body.reason}`];
    case "not_found_read":
      return ["read_back", `no such order, by ${body.scope === "list" ? "the list" : "its id"}`];
    case "operator_ended":
      return ["operator", `${body.outcome}, says ${body.by}: ${body.reason}`];
    case "id_owned_elsewhere":
      return ["read_back", `its id is another's: ${orderText(body.order)}`];
    default:
      return "source" in body ? [body.source, sourcedText(body)] : verdictOf(body);
  }
}

function sourcedText(body: Extract<ClaimEvent, { readonly source: EvidenceSource }>): string {
  switch (body.type) {
    case "fill_booked":
    case "late_fill_booked":
    case "leg_booked":
      return `${body.quantity} filled for ${body.cost} USD`;
    case "order_replaced":
      return `replaced by ${orderText(body.order)}`;
    default:
      return orderText(body.order);
  }
}

const VERDICTS: Readonly<Partial<Record<ClaimEvent["type"], string>>> = {
  absence_proved: "the broker never had it: all reads agree",
  flatness_proved: "the position was closed before it",
  still_held: "the shares are still held, and free",
  changed_elsewhere: "the position was changed elsewhere",
  malformed: "the order was malformed",
};

function verdictOf({ type }: ClaimEvent): Found | undefined {
  const text = VERDICTS[type];
  return text === undefined ? undefined : ["verdict", text];
}

function orderText({ brokerOrderId, status, filledQuantity, filledAveragePrice }: BrokerOrder) {
  const filled = filledAveragePrice === null ? "" : `, ${filledQuantity} @ ${filledAveragePrice}`;
  return `order ${brokerOrderId} is ${status}${filled}`;
}
