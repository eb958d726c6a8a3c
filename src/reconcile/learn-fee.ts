/**
 * Reads what is held of a pair of currencies before some of it is sold: its fee was taken from what
 * was bought, and the broker refuses a sale of more than is left. What the read says of the fee is
 * decided in the ledger's transaction (coin-fee); one that cannot be had says nothing.
 */
import type { Broker } from "../broker/broker.ts";
import type { Clock } from "../core/clock.ts";
import type { AccountId } from "../core/ids.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { readOf } from "./position-reads.ts";

export interface FeePorts {
  readonly account: AccountId;
  readonly ledger: Ledger;
  readonly broker: Broker;
  readonly clock: Clock;
}

/** Call it once our orders in `symbol` were read. Does nothing where no fee is to come. */
export async function learnFee(ports: FeePorts, symbol: string): Promise<void> {
  const { account, ledger, broker, clock } = ports;
  const { feeDueOn } = await ledger.book(account, symbol);
  if (feeDueOn === undefined) return;
  const at = clock.now();
  const lookup = await broker.position(symbol, "read_back");
  if (lookup.kind !== "found") return;
  // Before the book is looked at: what moves it in between counts as later.
  const seenThrough = await ledger.lastSequence();
  const { net: bookNet } = await ledger.book(account, symbol);
  const read = { reads: [readOf(lookup.position, at)], bookNet, seenThrough };
  const rest = { movedAt: null, policy: "adopt", now: clock.now() } as const;
  await ledger.compare(account, symbol, { ...read, ...rest });
}
