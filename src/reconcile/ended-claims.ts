/**
 * Looks behind claims that have ended with fewer shares than they asked for: their orders may show
 * fills, or be there after all, and then a difference in the position is theirs. So they are read
 * before anything is concluded from a position; a share that was adopted as nobody's and then
 * booked as a fill would count twice (I6). Reads and records; decides nothing.
 */
import type { Broker } from "../broker/broker.ts";
import { type Claim, isAccepted, mayYetArrive, neverWas } from "../claim/claim.ts";
import type { Outcome } from "../claim/claim-event.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { type Clock, type EpochMs, latest } from "../core/clock.ts";
import { add, compare } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface EndedClaimsPorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
}

export type LookBehind =
  | {
      readonly kind: "read";
      /** When a claim was last proved absent whose order nobody has seen; null where none was. */
      readonly absentSince: EpochMs | null;
    }
  | { readonly kind: "unknown"; readonly reason: string };

/** Ends after which an order may turn out to have filled, or filled more. */
const SHORT_OF_SHARES: ReadonlySet<Outcome | null> = new Set<Outcome>([
  "partially_filled",
  "canceled",
  "expired",
]);
const LOOKBACK_MS = 24 * 60 * 60 * 1_000;
/** The broker's clock is not ours. */
const LIST_MARGIN_MS = 60_000;
/** The latest ones in a symbol: what a day of trading leaves behind. */
const CLAIMS_MAX = 100;

/** Reads the orders of such claims in `symbol` once and books what is new. */
export async function lookBehind(ports: EndedClaimsPorts, symbol: string): Promise<LookBehind> {
  const { account, ledger, broker, clock } = ports;
  const query = { account, symbol, statuses: ["SETTLED"], limit: CLAIMS_MAX } as const;
  const { claims } = await ledger.claims({ ...query, from: clock.now() - LOOKBACK_MS });
  const short = claims.filter((claim) => neverWas(claim) || SHORT_OF_SHARES.has(claim.outcome));
  if (short.length === 0) return { kind: "read", absentSince: null };
  const after = Math.min(...short.map(({ claimedAt }) => claimedAt)) - LIST_MARGIN_MS;
  const reading = await broker.orders({ status: "all", symbols: [symbol], after });
  if (reading.kind === "unknown") return reading;
  const unseen: Claim[] = [];
  for (const claim of short) {
    const order = reading.value.find((one) => isOrderOf(claim, one));
    if (order === undefined) unseen.push(claim);
    else if (showsMore(claim, order)) await record(ports, claim, order);
  }
  const absences = unseen.filter(mayYetArrive).map(({ certainAt }) => certainAt);
  return { kind: "read", absentSince: latest(absences) };
}

function isOrderOf(claim: Claim, { brokerOrderId, clientOrderId }: BrokerOrder): boolean {
  return isAccepted(claim)
    ? brokerOrderId === claim.brokerOrderId
    : clientOrderId === claim.clientOrderId;
}

function showsMore(claim: Claim, { filledQuantity }: BrokerOrder): boolean {
  const filled = add(claim.carriedQuantity, filledQuantity);
  return !isAccepted(claim) || compare(filled, claim.bookedQuantity) > 0;
}

async function record({ ledger, clock }: EndedClaimsPorts, claim: Claim, order: BrokerOrder) {
  await ledger.record(claim.key, { type: "order", order, source: "poll", now: clock.now() });
}
