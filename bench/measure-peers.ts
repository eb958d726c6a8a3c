/**
 * What it takes to guard an order whose call answers at once: one at a time, and with many callers.
 * Every guard has its record on disk before the call and its result kept after it, on a PostgreSQL
 * server of its own; the latch also on the file that it uses by default.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { systemClock } from "../src/core/clock.ts";
import type { Ledger } from "../src/ledger/ledger.ts";
import { openPostgresLedger } from "../src/ledger/postgres/postgres-ledger.ts";
import { openSqliteLedger } from "../src/ledger/sqlite/sqlite-ledger.ts";
import { byCallers, CALLERS } from "./callers.ts";
import { timed } from "./interleaved-rounds.ts";
import { withDatabase } from "./postgres-database.ts";
import { median } from "./quantiles.ts";
import { claimAndSettle, claimRequests } from "./sample-claims.ts";

const SECOND_MS = 1_000;
const MICROSECONDS = 1_000;

export interface PeerFigure {
  readonly name: string;
  readonly store: string;
  /** One order at a time, in microseconds. */
  readonly p50Us: number;
  /** With {@link CALLERS} at once. */
  readonly perSecond: number;
}

/** A program of the folder peers/, installed. */
export function measurePeer(name: string, file: string, orders: number): Promise<PeerFigure> {
  return withDatabase(async (url) => {
    const settings = JSON.stringify({ url, callers: CALLERS, orders });
    const child = fork(file, [settings], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const ended = once(child, "exit");
    const failed = ended.then(([code]) => {
      throw new Error(`${file} ended with ${code} and without a figure`);
    });
    const [figure] = (await Promise.race([once(child, "message"), failed])) as [
      Pick<PeerFigure, "p50Us" | "perSecond">,
    ];
    failed.catch(() => undefined);
    await ended;
    return { name, store: "PostgreSQL", ...figure };
  });
}

export function measureLatch(
  store: "sqlite" | "postgres",
  folder: string,
  orders: number,
): Promise<PeerFigure> {
  if (store === "sqlite") {
    const ledger = openSqliteLedger(join(folder, "latch.db"), systemClock);
    return measureLedger("SQLite", ledger, orders);
  }
  return withDatabase((url) =>
    measureLedger("PostgreSQL", openPostgresLedger(url, systemClock), orders),
  );
}

async function measureLedger(store: string, ledger: Ledger, orders: number): Promise<PeerFigure> {
  const many = (name: string) => {
    const requests = claimRequests(name, orders);
    return byCallers(CALLERS, orders, (index) => claimAndSettle(ledger, requests[index]));
  };
  await many("warm");
  const took: number[] = [];
  for (const request of claimRequests("one", orders)) {
    took.push((await timed(() => claimAndSettle(ledger, request))) * MICROSECONDS);
  }
  const manyMs = await timed(() => many("many"));
  await ledger.close();
  const perSecond = (orders * SECOND_MS) / manyMs;
  return { name: "TradeLatch", store, p50Us: median(took), perSecond };
}
