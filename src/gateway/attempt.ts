/**
 * One attempt under a claim: at most one POST whose outcome is not known. A POST is repeated only
 * where the broker certainly never had it (the connection was refused) or presumably did not
 * process it (429, and a look-up that finds nothing), and never after the send deadline.
 */
import type { Broker } from "../broker/broker.ts";
import type { Claim } from "../claim/claim.ts";
import type { SubmitOutcome } from "../claim/evidence.ts";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
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
  readonly onFailure: (error: unknown, claim: Claim) => void;
}

export type Attempt =
  | { readonly kind: "answered"; readonly answer: OrderAnswer }
  /** The POST's outcome is unknown: only the broker's records can tell. */
  | { readonly kind: "unknown"; readonly claim: Claim };

export async function sendAttempt(
  ports: AttemptPorts,
  claim: Claim,
  reopened: boolean,
): Promise<Attempt> {
  let mustLookFirst = reopened;
  let rateLimited = false;
  for (;;) {
    if (mustLookFirst) {
      const wayOut = await freshRead(ports, claim, rateLimited);
      if (wayOut !== undefined) return wayOut;
    }
    const halted = await halt(ports, claim);
    if (halted !== undefined) return answered(halted);
    const outcome = await ports.broker.submit(orderRequestOf(claim));
    const pauseMs = repeatPause(outcome);
    const after = await recordOutcome(ports, claim, outcome);
    if (pauseMs === undefined) return settled(after, outcome);
    if (ports.clock.now() + pauseMs >= claim.sendDeadline) {
      return answered(await concludeNotSent(ports, claim, reasonOf(outcome)));
    }
    await ports.clock.sleep(pauseMs);
    rateLimited ||= outcome.kind === "rate_limited";
    mustLookFirst = reopened || rateLimited;
  }
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

function settled(after: Claim, outcome: SubmitOutcome): Attempt {
  switch (outcome.kind) {
    case "accepted":
      return answered(proceedAnswer(after, outcome.order));
    case "refused":
      return answered(refusedAnswer(after, outcome.refusal));
    default:
      return { kind: "unknown", claim: after };
  }
}

/** Why the attempt must not be sent now, checked immediately before the POST. */
async function halt(ports: AttemptPorts, claim: Claim): Promise<OrderAnswer | undefined> {
  const current = await ports.ledger.claimOf(claim.key);
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
): Promise<Attempt | undefined> {
  const { broker, ledger, clock } = ports;
  const lookup = await broker.orderByClientId(claim.clientOrderId);
  if (lookup.kind === "not_found") return undefined;
  if (lookup.kind === "unknown") {
    const reason = `the look-up before a repeat failed: ${lookup.reason}`;
    if (!rateLimited) return answered(await concludeNotSent(ports, claim, reason));
    const after = await recordOutcome(ports, claim, { kind: "ambiguous", reason });
    return { kind: "unknown", claim: after };
  }
  const { order } = lookup;
  const read = { type: "order", order, source: "read_back", now: clock.now() } as const;
  const { claim: after } = await ledger.record(claim.key, read);
  const ours = after.brokerOrderId === order.brokerOrderId;
  return answered(ours ? proceedAnswer(after, order) : standingAnswer(after));
}

async function concludeNotSent(
  ports: AttemptPorts,
  claim: Claim,
  reason: string,
): Promise<OrderAnswer> {
  const now = ports.clock.now();
  const { fencing } = claim;
  const result = await ports.ledger.record(claim.key, { type: "not_sent", fencing, reason, now });
  return result.claim.outcome === "not_sent"
    ? notSentAnswer(result.claim, reason)
    : standingAnswer(result.claim);
}

/**
 * The claim after the broker's answer. A store that fails here loses nothing: the claim is on disk
 * as sent, and what became of it is read from the broker later.
 */
async function recordOutcome(
  ports: AttemptPorts,
  claim: Claim,
  outcome: SubmitOutcome,
): Promise<Claim> {
  const { fencing } = claim;
  const now = ports.clock.now();
  try {
    const command = { type: "answer", fencing, outcome, now, callerWaits: true } as const;
    return (await ports.ledger.record(claim.key, command)).claim;
  } catch (error) {
    if (!(error instanceof LatchError)) throw error;
    ports.onFailure(error, claim);
    return claim;
  }
}
