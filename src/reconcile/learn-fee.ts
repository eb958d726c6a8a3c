/**
 * Reads what is held of a pair of currencies before some of it is sold: its fee was taken from what
 * was bought, and the broker refuses a sale of more than is left. What the read says of the fee is
 * decided in the ledger's transaction (coin-fee); one that cannot be had says nothing.
 */
import type { OwnOrdersPorts } from "./own-orders.ts";
import { firstRead, readSingly } from "./position-reads.ts";

export type FeePorts = Pick<OwnOrdersPorts, "account" | "ledger" | "broker" | "clock">;

/** Call it once our orders in `symbol` were read. Does nothing where no fee is to come. */
export async function learnFee(ports: FeePorts, symbol: string): Promise<void> {
  const { account, ledger, clock } = ports;
  const { feeDueOn } = await ledger.book(account, symbol);
  if (feeDueOn === undefined) return;
  const read = await readSingly(ports, symbol, "read_back");
  if (read === undefined) return;
  const alone = await firstRead(ports, symbol, read);
  const rest = { movedAt: null, policy: "adopt", now: clock.now() } as const;
  await ledger.compare(account, symbol, { ...alone, ...rest });
}
