/** How often a transaction waits for the server, counted between the two. */
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  claimCommand,
  filledOrder,
  orderRead,
  POLICY,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import { ServerProxy } from "./server-proxy.ts";
import { newDatabase, rowsOf } from "./shared-server.ts";

const MANY = 64;
const TWO = { roundTrips: 2, transactions: 1 };

/** A ledger that has asked everything once: from then on its statements are prepared. */
async function openCounted() {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const { proxy, url: through } = await ServerProxy.start(url);
  const ledger = openPostgresLedger(through, systemClock);
  onTestFinished(() => ledger.close());
  await lifeOf(ledger, "warm");
  const counted = async (work: () => Promise<unknown>) => {
    const [before, transactions] = [proxy.roundTrips, await transactionsOn(url)];
    await work();
    const made = proxy.roundTrips - before;
    return { roundTrips: made, transactions: (await transactionsOn(url)) - transactions };
  };
  return { ledger, counted };
}

/** Those that have appended events, by the numbers that the server gave them. */
async function transactionsOn(url: string): Promise<number> {
  const [row] = await rowsOf<{ made: number }>(
    url,
    "SELECT count(DISTINCT xmin::text)::integer AS made FROM tradelatch.events",
  );
  return row?.made ?? 0;
}

async function lifeOf(ledger: Ledger, name: string): Promise<void> {
  const entry = await claimed(ledger, claimCommand({ requestId: `${name} entry` }));
  await ledger.record(entry.key, accepted(entry));
  await ledger.record(entry.key, orderRead(filledOrder(entry, "6")));
  const exit = { side: "sell", effect: "close" } as const;
  const close = await claimed(ledger, claimCommand({ ...exit, requestId: `${name} exit` }));
  await ledger.record(close.key, refused(close));
  await ledger.claim(claimCommand({ anchor: { bar: name, stage: "entry" }, quantity: "1" }));
  await ledger.claim(claimCommand({ quantity: "2" }));
  await ledger.claim(closeOfAll("TQQQ", name));
}

function closeOfAll(symbol: string, requestId: string) {
  const fromTheBook = { side: undefined, effect: undefined, quantity: undefined };
  return claimCommand({ ...fromTheBook, symbol, portion: "all", requestId });
}

describe("of two round trips at most, and one transaction,", () => {
  test("are one claim, what the broker answers to it, and its settlement", async () => {
    const { ledger, counted } = await openCounted();
    const command = claimCommand({ requestId: "one", symbol: "SQQQ" });
    expect(await counted(() => ledger.claim(command))).toEqual(TWO);
    const known = await ledger.claim(command);
    if (known.kind !== "pending") throw new Error(known.kind);
    expect(await counted(() => ledger.record(known.claim.key, accepted(known.claim)))).toEqual(TWO);
    const filled = orderRead(filledOrder(known.claim, "6"));
    expect(await counted(() => ledger.record(known.claim.key, filled))).toEqual(TWO);
    expect((await ledger.claimOf(known.claim.key))?.status).toBe("SETTLED");
  });

  test("are 64 claims that arrive together, and their 64 settlements", async () => {
    const { ledger, counted } = await openCounted();
    const commands = Array.from({ length: MANY }, (_, index) =>
      claimCommand({ requestId: `many-${index}`, quantity: `${index + 10}` }),
    );
    expect(await counted(() => Promise.all(commands.map((one) => ledger.claim(one))))).toEqual(TWO);
    const claims = await Promise.all(
      commands.map(({ intent: { account, agent } }, index) =>
        ledger.claimOf({ account, agent, requestId: `many-${index}` as never }),
      ),
    );
    const settled = () =>
      Promise.all(
        claims.map((claim, index) => {
          if (claim === undefined) throw new Error("a claim is not there");
          return ledger.record(claim.key, orderRead(filledOrder(claim, `${index + 10}`)));
        }),
      );
    expect(await counted(settled)).toEqual(TWO);
    expect(await ledger.countByStatus(commands[0]?.intent.account as never)).toMatchObject({
      SETTLED: MANY + 1,
    });
  });

  test("are claims of every kind of identity together: named, anchored, and neither", async () => {
    const { ledger, counted } = await openCounted();
    const symbols = ["SQQQ", "QQQ", "SPY", "AAPL"];
    const commands = symbols.flatMap((symbol) => [
      claimCommand({ symbol, requestId: `named ${symbol}` }),
      claimCommand({ symbol, anchor: { bar: "2026-05-21T13:45:00Z", stage: "add" } }),
      claimCommand({ symbol, quantity: "9" }, { now: START + 1 }),
    ]);
    expect(await counted(() => Promise.all(commands.map((one) => ledger.claim(one))))).toEqual(TWO);
  });

  test("are closes: of so many shares, and of all that is held", async () => {
    const { ledger, counted } = await openCounted();
    const held = ["SQQQ", "QQQ"].map((symbol) => {
      const quantity = decimal("6");
      return { symbol, quantity, averagePrice: decimal("50") };
    });
    await ledger.adoptOpening(ACCOUNT, held, START);
    const sell = { side: "sell", effect: "close" } as const;
    const byNumber = claimCommand({ ...sell, symbol: "SQQQ", requestId: "by number" });
    expect(await counted(() => claimed(ledger, byNumber))).toEqual(TWO);
    expect(await counted(() => claimed(ledger, closeOfAll("QQQ", "all")))).toEqual(TWO);
  });

  test("is one that says a side alone, where positions may be short", async () => {
    const { ledger, counted } = await openCounted();
    const policy = { ...POLICY, allowShort: true };
    const order = (side: "buy" | "sell", quantity: string) =>
      claimCommand({ side, quantity, effect: undefined, symbol: "SQQQ" }, { policy });
    for (const [side, quantity] of [
      ...(["sell", "buy"] as const).map((one) => [one, "6"] as const),
      ...(["sell", "buy"] as const).map((one) => [one, "7"] as const),
      ["buy", "8"] as const,
    ]) {
      const { key } = await claimed(ledger, order(side, quantity));
      const claim = await ledger.claimOf(key);
      await ledger.record(key, orderRead(filledOrder(claim as never, quantity)));
    }
    expect(await counted(() => claimed(ledger, order("buy", "9")))).toEqual(TWO);
  });
});
