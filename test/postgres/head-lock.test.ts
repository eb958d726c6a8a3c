/**
 * Of several ledgers on one database one decides at a time. Answers are held back between ledger
 * and server, so that without the lock on the head two transactions would surely overlap.
 */
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, filledOrder, orderRead } from "../ledger/sample-commands.ts";
import { ServerProxy } from "./server-proxy.ts";
import { newDatabase } from "./shared-server.ts";

const ROUNDS = 10;

async function twoLedgers(): Promise<readonly [Ledger, Ledger]> {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const open = async () => {
    const through = await ServerProxy.start(url);
    const ledger = openPostgresLedger(through.url, systemClock);
    onTestFinished(() => ledger.close());
    await ledger.probe();
    return ledger;
  };
  return [await open(), await open()];
}

test("two ledgers that claim the same at once: one proceeds, the other waits, and none fails", async () => {
  const ledgers = await twoLedgers();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const command = claimCommand({ quantity: `${round}` });
    const decisions = await Promise.all(ledgers.map((ledger) => ledger.claim(command)));
    expect(decisions.map(({ kind }) => kind).sort()).toEqual(["pending", "proceed"]);
  }
  const events = await ledgers[0].events();
  expect(events).toHaveLength(ROUNDS);
  expect(firstBreak(events)).toBeUndefined();
});

test("two ledgers that sell the same shares at once: one proceeds, and the other is refused", async () => {
  const ledgers = await twoLedgers();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const symbol = `S${String.fromCharCode(64 + round)}`;
    const entry = await claimed(ledgers[0], claimCommand({ symbol, requestId: `buy ${symbol}` }));
    await ledgers[0].record(entry.key, orderRead(filledOrder(entry, "6")));
    const decisions = await Promise.all(
      ledgers.map((ledger, index) => {
        const exit = { symbol, side: "sell", effect: "close", quantity: "4" } as const;
        return ledger.claim(claimCommand({ ...exit, requestId: `sell ${symbol} ${index}` }));
      }),
    );
    expect(decisions.filter(({ kind }) => kind === "proceed")).toHaveLength(1);
  }
  const books = await ledgers[1].books(ACCOUNT);
  expect(books.map(({ reservations }) => reservations.length)).toEqual(books.map(() => 1));
});
