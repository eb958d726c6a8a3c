/**
 * One attempt under a claim: at most one POST whose outcome is not known. A POST is repeated only
 * where the broker certainly never had it (the connection was refused) or presumably did not
 * process it (429, and a look-up that finds nothing), and never after the send deadline.
 */
import type { Broker } from "../broker/broker.ts";
import { filledAtFound } from "../broker/wire-order.ts";
import { type Claim, isAccepted } from "../claim/claim.ts";
import type { BrokerOrder, OrderLookup, SubmitOutcome } from "../claim/evidence.ts";
import type { ClaimPolicy } from "../claim/policy.ts";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Ledger, RecordResult } from "../ledger/ledger.ts";
import { attributesOf, linksOf } from "../telemetry/claim-spans.ts";
import { traced } from "../telemetry/traced.ts";
import type { Caller } from "./caller.ts";
import {
  notSentAnswer,
  type OrderAnswer,
  proceedAnswer,
  refusedAnswer,
  standingAnswer,
} from "./order-answer.ts";
import { orderRequestOf } from "./order-request.ts";

/** Between two tries of an attempt that could not leave this machine. */
const NOT_SENT_PAUSE_MS = 250;

export interface AttemptPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly policy: ClaimPolicy;
  /** Ends the pauses between two tries. */
  readonly stop: AbortSignal;
  readonly onFailure: (error: unknown, claim: Claim) => void;
  /** Given what the store did not take; makes it until the store takes it. */
  readonly writeLater: (write: () => Promise<unknown>) => void;
}

export type Attempt =
  | { readonly kind: "answered"; readonly answer: OrderAnswer }
  /** The POST's outcome is unknown: only the broker's records can tell. */
  | { readonly kind: "unknown"; readonly claim: Claim };

export async function sendAttempt(
  ports: AttemptPorts,
  claim: Claim,
  reopened: boolean,
  caller: Caller,
): Promise<Attempt> {
  let mustLookFirst = reopened;
  let rateLimited = false;
  for (;;) {
    if (mustLookFirst) {
      const wayOut = await freshRead(ports, claim, rateLimited, caller);
      if (wayOut !== undefined) return wayOut;
    }
    const halted = await halt(ports, claim);
    if (halted !== undefined) return answered(halted);
    const outcome = await post(ports, claim);
    const after = await recordOutcome(ports, claim, outcome, caller);
    const pauseMs = repeatPause(outcome);
    if (pauseMs === undefined) return settled(after, outcome);
    if (!(await mayRepeatAfter(ports, claim, pauseMs))) {
      return answered(await concludeNotSent(ports, claim, reasonOf(outcome)));
    }
    rateLimited ||= outcome.kind === "rate_limited";
    mustLookFirst = reopened || rateLimited;
  }
}

function post({ broker, policy }: AttemptPorts, claim: Claim): Promise<SubmitOutcome> {
  const attributes = {
    "tradelatch.client_order_id": claim.clientOrderId,
    "tradelatch.attempt": claim.attempt,
    ...attributesOf(claim.key),
  };
  const links = linksOf(claim.key);
  const describe = ({ kind }: SubmitOutcome) => ({ result: kind });
  return traced({ operation: "submit", attributes, links, describe }, () =>
    broker.submit(orderRequestOf(claim, policy)),
  );
}

/** Sleeps, where that ends before the send deadline; false where it does not, or on closing. */
async function mayRepeatAfter(
  { clock, stop }: AttemptPorts,
  { sendDeadline }: Claim,
  pauseMs: number,
): Promise<boolean> {
  if (clock.now() + pauseMs >= sendDeadline) return false;
  return clock.sleep(pauseMs, stop).then(
    () => true,
    () => false, // Stopped: nothing is sent any more.
  );
}

function answered(answer: OrderAnswer): Attempt {
  return { kind: "answered", answer };
}

/** How long to wait before the same attempt may be sent again; undefined where it may not be. */
function repeatPause(outcome: SubmitOutcome): number | undefined {
  if (outcome.kind === "not_sent") return NOT_SENT_PAUSE_MS;
  return outcome.kind === "rate_limited" ? outcome.retryAfterMs : undefined;
}

function reasonOf(outcome: SubmitOutcome): string {
  if (outcome.kind === "not_sent") return outcome.reason;
  return outcome.kind === "rate_limited" ? outcome.message : outcome.kind;
}

/** What the caller is told, unless the claim went on without its sender meanwhile. */
function settled(after: RecordResult, outcome: SubmitOutcome): Attempt {
  const { claim } = after;
  if (after.kind === "stale") return answered(standingAnswer(claim));
  switch (outcome.kind) {
    case "accepted":
      return answered(
        isOwnOrder(claim, outcome.order)
          ? proceedAnswer(claim, outcome.order, outcome.wire)
          : standingAnswer(claim),
      );
    case "refused":
      // The broker keeps no record of it: what could not be written must not be told as certain.
      if (claim.status === "OPEN") return { kind: "unknown", claim };
      return answered(
        isAccepted(claim) ? standingAnswer(claim) : refusedAnswer(claim, outcome.refusal),
      );
    default:
      return { kind: "unknown", claim };
  }
}

/**
 * Whether the broker's order is the claim's. Another claim may have adopted it first, where two
 * agents gave one client_order_id; a claim that is still OPEN could not be written, and is ours.
 */
function isOwnOrder(claim: Claim, order: BrokerOrder): boolean {
  return claim.status === "OPEN" || claim.brokerOrderId === order.brokerOrderId;
}

/** Why the attempt must not be sent now, checked immediately before the POST. */
async function halt(ports: AttemptPorts, claim: Claim): Promise<OrderAnswer | undefined> {
  const current = await ports.ledger.claimOf(claim.key).catch((error: unknown) => {
    writeNotSent(ports, claim, "the ledger could not be read before the order was sent");
    throw error;
  });
  const owned = current?.fencing === claim.fencing && current.status === "OPEN";
  if (!owned) return standingAnswer(current ?? claim);
  if (ports.clock.now() < claim.sendDeadline) return undefined;
  return concludeNotSent(ports, claim, "the send deadline had passed");
}

/**
 * One more look before anything is repeated; the way out where it forbids the POST. A look that
 * fails after a 429 leaves the outcome unknown; before a reopened attempt it only means that
 * nothing was sent.
 */
async function freshRead(
  ports: AttemptPorts,
  claim: Claim,
  rateLimited: boolean,
  caller: Caller,
): Promise<Attempt | undefined> {
  const lookup = await ports.broker.orderByClientId(claim.clientOrderId);
  if (lookup.kind === "not_found") return undefined;
  if (lookup.kind === "found") return foundBefore(ports, claim, lookup, caller);
  const reason = `the look-up before a repeat failed: ${lookup.reason}`;
  if (!rateLimited) return answered(await concludeNotSent(ports, claim, reason));
  const unknown: SubmitOutcome = { kind: "ambiguous", reason };
  return settled(await recordOutcome(ports, claim, unknown, caller), unknown);
}

/** An earlier try landed after all, or the id is another order's, which keeps ours out. */
async function foundBefore(
  ports: AttemptPorts,
  claim: Claim,
  lookup: OrderLookup & { kind: "found" },
  caller: Caller,
): Promise<Attempt> {
  const now = ports.clock.now();
  const { key, fencing } = claim;
  const { order, wire } = lookup;
  const filledAt = filledAtFound(lookup);
  const read = { type: "order", order, source: "read_back", now, filledAt } as const;
  const told = { type: "told", fencing, answer: "certain", now } as const;
  const after = await recorded(ports, claim, () => ports.ledger.record(key, read));
  if (after.claim.brokerOrderId !== order.brokerOrderId) {
    const message = `the client_order_id ${claim.clientOrderId} is order ${order.brokerOrderId}'s`;
    const taken: SubmitOutcome = { kind: "id_taken", message };
    return settled(await recordOutcome(ports, claim, taken, caller), taken);
  }
  if (caller.take()) await recorded(ports, claim, () => ports.ledger.record(key, told));
  return answered(
    after.claim.fencing === fencing
      ? proceedAnswer(after.claim, order, wire)
      : standingAnswer(after.claim),
  );
}

async function concludeNotSent(
  ports: AttemptPorts,
  claim: Claim,
  reason: string,
): Promise<OrderAnswer> {
  const result = await recordNotSent(ports, claim, reason).catch((error: unknown) => {
    writeNotSent(ports, claim, reason);
    throw error;
  });
  return result.claim.outcome === "not_sent"
    ? notSentAnswer(result.claim, reason)
    : standingAnswer(result.claim);
}

function recordNotSent(
  { ledger, clock }: AttemptPorts,
  { key, fencing }: Claim,
  reason: string,
): Promise<RecordResult> {
  return ledger.record(key, { type: "not_sent", fencing, reason, now: clock.now() });
}

/**
 * Nobody but this attempt may send what it leaves unsent, and nobody else knows that it did: the
 * action's next try would wait until its absence is proved.
 */
function writeNotSent(ports: AttemptPorts, claim: Claim, reason: string): void {
  ports.writeLater(() => recordNotSent(ports, claim, reason));
}

/**
 * Takes the caller, where the answer is certain: what is recorded as told is what it gets. A
 * refusal that cannot be written is not told as one.
 */
function recordOutcome(
  ports: AttemptPorts,
  claim: Claim,
  outcome: SubmitOutcome,
  caller: Caller,
): Promise<RecordResult> {
  const { fencing } = claim;
  const now = ports.clock.now();
  const isCertain = outcome.kind === "accepted" || outcome.kind === "refused";
  const callerWaits = isCertain && caller.take();
  const command = { type: "answer", fencing, outcome, now, callerWaits } as const;
  const record = (tells: boolean) => () =>
    ports.ledger.record(claim.key, { ...command, callerWaits: tells });
  return recorded(ports, claim, record(callerWaits), () => {
    ports.writeLater(record(callerWaits && outcome.kind === "accepted"));
  });
}

/**
 * The claim after what the broker said. A store that fails here loses nothing: the claim is on disk
 * as sent, and what became of it is written later, or read from the broker.
 */
async function recorded(
  ports: AttemptPorts,
  claim: Claim,
  record: () => Promise<RecordResult>,
  onUnwritten = () => {},
): Promise<RecordResult> {
  try {
    return await record();
  } catch (error) {
    if (!(error instanceof LatchError)) throw error;
    ports.onFailure(error, claim);
    onUnwritten();
    return { kind: "recorded", claim, changed: false };
  }
}
