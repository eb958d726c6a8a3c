/**
 * Whether the broker's own records account for shares that are gone: orders that no claim of ours
 * made have filled just as many, by the list of orders or, where that does not show it, by the
 * account's activities. What cannot be read explains nothing.
 */
import type { Broker } from "../broker/broker.ts";
import type { Claim } from "../claim/claim.ts";
import { add, compare, type DecimalText, isZero, ZERO } from "../core/decimal.ts";
import type { BrokerOrderId } from "../core/ids.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface ExplanationPorts {
  readonly broker: Broker;
  readonly ledger: Ledger;
}

/** How far before the exit its shares may have been sold. */
const LOOKBACK_MS = 24 * 60 * 60 * 1_000;

/** A quantity of shares that an order of the exit's kind filled. */
interface Sold {
  readonly brokerOrderId: BrokerOrderId;
  readonly quantity: DecimalText;
}

export async function isExplained(
  ports: ExplanationPorts,
  claim: Claim,
  missing: DecimalText,
): Promise<boolean> {
  if (isZero(missing)) return false;
  const addsUp = async (sold: readonly Sold[]) =>
    compare(await soldByOthers(ports, claim, sold), missing) === 0;
  return (await addsUp(await byOrders(ports, claim))) || addsUp(await byActivities(ports, claim));
}

async function byOrders({ broker }: ExplanationPorts, claim: Claim): Promise<readonly Sold[]> {
  const { symbol, side } = claim.intent;
  const after = claim.openedAt - LOOKBACK_MS;
  const query = { status: "closed", symbols: [symbol], after } as const;
  const reading = await broker.orders(query, "read_back");
  if (reading.kind === "unknown") return [];
  return reading.value
    .filter((order) => order.side === side)
    .map(({ brokerOrderId, filledQuantity }) => ({ brokerOrderId, quantity: filledQuantity }));
}

async function byActivities({ broker }: ExplanationPorts, claim: Claim): Promise<readonly Sold[]> {
  const { symbol, side } = claim.intent;
  const reading = await broker.fillActivities({ after: claim.openedAt - LOOKBACK_MS });
  if (reading.kind === "unknown") return [];
  return reading.value.filter((fill) => fill.symbol === symbol && fill.side === side);
}

async function soldByOthers(
  { ledger }: ExplanationPorts,
  { key }: Claim,
  sold: readonly Sold[],
): Promise<DecimalText> {
  let quantity = ZERO;
  for (const one of sold) {
    const owner = await ledger.claimOfOrder(key.account, one.brokerOrderId);
    if (owner === undefined) quantity = add(quantity, one.quantity);
  }
  return quantity;
}
