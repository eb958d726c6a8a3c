/**
 * When the fills of an entry began that are about to be booked. An order tells the time of its last
 * fill alone; one that has filled on both sides of an exit has kept the position from being flat,
 * and goes on with the life that the exit seems to have ended. The account's activities tell each
 * fill. They are read where that may be so, and where they show no earlier one the last one counts.
 */
import type { Book } from "../book/book.ts";
import type { Claim } from "../claim/claim.ts";
import { filledInAll } from "../claim/decide-order.ts";
import type { BrokerOrder } from "../claim/evidence.ts";
import { endAmid } from "../claim/own-episode.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { add, compare } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import type { Broker } from "./broker.ts";
import { fillsSince } from "./fills-since.ts";

export interface FirstFillPorts {
  readonly broker: Pick<Broker, "brokerTime" | "fillActivities">;
  readonly clock: Clock;
  readonly ledger: { book(account: AccountId, symbol: string): Promise<Book> };
}

/** So long before the exit fills are looked for: orders at work are read far more often. */
const LOOKBACK_MS = 60 * 60 * 1_000;

/** `filledAt`: what the order says; undefined where it says nothing. */
export async function firstFilledAt(
  { broker, clock, ledger }: FirstFillPorts,
  claim: Claim,
  order: BrokerOrder,
  filledAt: EpochMs | undefined,
): Promise<EpochMs | undefined> {
  const { key, intent, bookedQuantity, carriedQuantity } = claim;
  if (filledAt === undefined || intent.effect !== "open") return filledAt;
  if (compare(filledInAll(claim, order), bookedQuantity) <= 0) return filledAt;
  const { submittedAt, brokerOrderId } = order;
  const book = await ledger.book(key.account, intent.symbol);
  const endedAt = endAmid(book, { submittedAt, filledAt });
  if (endedAt === undefined) return filledAt;
  const fills = await fillsSince(broker, brokerOrderId, endedAt - LOOKBACK_MS, clock.now());
  if (fills.kind === "unknown") return filledAt;
  let told = carriedQuantity;
  const first = fills.value
    .toSorted((a, b) => a.at - b.at)
    .find(({ quantity }) => {
      told = add(told, quantity);
      return compare(told, bookedQuantity) > 0;
    });
  return Math.min(filledAt, first?.at ?? filledAt);
}
