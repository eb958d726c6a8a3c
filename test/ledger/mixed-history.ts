/** A history with something of everything that a ledger keeps. */
import { decimal } from "../../src/core/decimal.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { claimed } from "./open-ledger.ts";
import {
  ACCOUNT,
  absenceReads,
  accepted,
  ambiguous,
  brokerOrder,
  claimCommand,
  filledOrder,
  notSent,
  orderRead,
  pendingNote,
  refused,
  START,
} from "./sample-commands.ts";

/** Two symbols, every way for a claim to end, reopenings, notes and an opening position. */
export async function mixedHistory(ledger: Ledger): Promise<void> {
  const held = { symbol: "SQQQ", quantity: decimal("4"), averagePrice: decimal("20.5") };
  await ledger.adoptOpening(ACCOUNT, [held], START);
  const entry = await claimed(ledger, claimCommand());
  await ledger.record(entry.key, accepted(entry));
  await ledger.record(entry.key, orderRead(filledOrder(entry, "2.5", "50.01")));
  ledger.note(pendingNote(entry), START + 10);
  await ledger.record(entry.key, orderRead(filledOrder(entry, "6", "50.02")));

  const half = { side: "sell", effect: "close", quantity: "3" } as const;
  const exit = await claimed(ledger, claimCommand({ ...half, requestId: "exit-1" }));
  await ledger.record(exit.key, accepted(exit));
  const canceled = { ...filledOrder(exit, "1", "51"), status: "canceled" };
  await ledger.record(exit.key, orderRead(canceled));
  const latched = await claimed(ledger, claimCommand({ ...half, requestId: "exit-2" }));
  await ledger.record(latched.key, refused(latched));
  const waiting = await claimed(ledger, claimCommand({ ...half, quantity: "1" }));
  await ledger.record(waiting.key, {
    type: "told",
    answer: "pending",
    fencing: waiting.fencing,
    now: START + 20,
  });

  const unsent = await claimed(ledger, claimCommand({ quantity: "1" }));
  await ledger.record(unsent.key, notSent(unsent));
  const renewed = await claimed(ledger, claimCommand({ quantity: "1" }, { now: START + 30 }));
  await ledger.record(renewed.key, ambiguous(renewed, START + 40));
  for (const read of absenceReads(START + 50)) await ledger.record(renewed.key, read);

  const anchor = { bar: "2026-05-21T13:45:00Z", stage: "add" };
  const anchored = await claimed(ledger, claimCommand({ anchor, quantity: "2" }));
  await ledger.record(anchored.key, refused(anchored));
  const second = await claimed(ledger, claimCommand({ anchor, quantity: "2" }));
  await ledger.record(second.key, orderRead(brokerOrder(second, { status: "expired" })));
  const other = await claimed(ledger, claimCommand({ symbol: "SQQQ", quantity: "5" }));
  await ledger.record(other.key, accepted(other));
  const flat = { symbol: "SQQQ", side: "sell", effect: "close", quantity: "4" } as const;
  const sold = await claimed(ledger, claimCommand(flat));
  await ledger.record(sold.key, orderRead(filledOrder(sold, "4", "21")));
}
