/**
 * Puts on record what the broker shows of a claim's order, by whichever path it was read. An order
 * that was replaced is recorded together with the one in its place, which is read for that: by the
 * id that the broker names, or, where that is not told or finds none, from the list of orders. As
 * long as it cannot be told whose fills that one counts, it is not followed.
 */
import type { Broker } from "../broker/broker.ts";
import { countsChain } from "../broker/chain-count.ts";
import { listStart } from "../broker/claim-times.ts";
import { filledAtFound, filledAtIn } from "../broker/wire-order.ts";
import type { Claim } from "../claim/claim.ts";
import { filledInAll, type OrderCommand } from "../claim/decide-order.ts";
import type { RecordCommand } from "../claim/decide-record.ts";
import { type BrokerOrder, type EvidenceSource, isInPlaceOf, withLegs } from "../claim/evidence.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { compare, isZero } from "../core/decimal.ts";
import { isCombo } from "../identity/combo.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface RecorderPorts {
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
}

/** What a record has come to. */
export interface Recorded {
  readonly claim: Claim;
  /** Whether anything was new. */
  readonly changed: boolean;
  /** Whether shares, an end or another order were among it: what a listener waits for. */
  readonly hasMoved: boolean;
}

/** `filledAt`: by the broker's clock, where the order was shown with its times. */
export async function recordOrder(
  { ledger, broker, clock }: RecorderPorts,
  claim: Claim,
  order: BrokerOrder,
  source: EvidenceSource,
  filledAt: EpochMs | undefined,
): Promise<Recorded> {
  const isReplaced = order.status === "replaced";
  const next = isReplaced ? await nextOf({ broker, clock }, claim, order) : undefined;
  const read = { order, source, now: clock.now(), filledAt } as const;
  const result = await ledger.record(claim.key, commandOf(claim, read, next));
  const changed = result.kind === "recorded" && result.changed;
  return { claim: result.claim, changed, hasMoved: changed && hasMoved(claim, result.claim) };
}

interface Successor {
  readonly successor: BrokerOrder;
  /** As `filledAt` of the order that it replaced. */
  readonly movedAt: EpochMs | undefined;
}

interface Next extends Successor {
  readonly countsChain: boolean;
}

function commandOf(
  claim: Claim,
  read: OrderCommand,
  next: Next | "none" | undefined,
): RecordCommand {
  if (next === undefined) return { type: "order", ...read };
  if (next === "none") return { type: "order", ...read, hasNoSuccessor: true };
  const { movedAt, ...chain } = next;
  const filledAt = isTimeOfNext(claim, read.order, next) ? movedAt : read.filledAt;
  return { type: "replaced", ...read, ...chain, filledAt };
}

/** Of two orders' fills an exit's are over with the last ones; an entry's begin with the first. */
function isTimeOfNext(claim: Claim, order: BrokerOrder, { successor }: Successor): boolean {
  if (isZero(successor.filledQuantity)) return false;
  const isNewsOfFirst = compare(filledInAll(claim, order), claim.bookedQuantity) > 0;
  return claim.intent.effect === "close" || !isNewsOfFirst;
}

async function nextOf(
  { broker, clock }: Pick<RecorderPorts, "broker" | "clock">,
  claim: Claim,
  order: BrokerOrder,
): Promise<Next | "none" | undefined> {
  const found = await findSuccessor({ broker, clock }, claim, order);
  if (found === undefined || found === "none") return found;
  const counts = await countsChain(broker, claim.intent, order, found.successor, clock.now());
  return counts === undefined ? undefined : { ...found, countsChain: counts };
}

/** `none`: neither the order names one, nor does any of the broker's name the order. */
async function findSuccessor(
  ports: Pick<RecorderPorts, "broker" | "clock">,
  claim: Claim,
  order: BrokerOrder,
): Promise<Successor | "none" | undefined> {
  const { broker } = ports;
  const { intent, brokerOrderId } = claim;
  const { replacedBy } = order;
  const lookup = replacedBy === null ? undefined : await broker.orderById(replacedBy);
  if (lookup?.kind === "found") {
    return { successor: lookup.order, movedAt: filledAtFound(lookup) };
  }
  // An old read, of an order that the claim has left already.
  if (brokerOrderId !== order.brokerOrderId) return undefined;
  // A combo has no symbol that a list could be asked for.
  const symbols = isCombo(intent) ? {} : { symbols: [order.symbol] };
  const after = listStart(ports, [claim]);
  const reading = await broker.orders({ status: "all", after, ...symbols });
  if (reading.kind === "unknown") return undefined;
  const [next, another] = withLegs(reading.value).filter((one) => isInPlaceOf(order, one));
  if (next === undefined && replacedBy === null) return "none";
  if (next === undefined || another !== undefined) return undefined;
  return { successor: next, movedAt: filledAtIn(reading)(next) };
}

function hasMoved(before: Claim, after: Claim): boolean {
  return (
    before.bookedQuantity !== after.bookedQuantity ||
    before.outcome !== after.outcome ||
    before.brokerOrderId !== after.brokerOrderId
  );
}
