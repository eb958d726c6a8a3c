/**
 * The real latch for a soak: the real ledger in a real file, Alpaca's adapter over HTTP, a clock that
 * is driven. Of what `openLatch` wires only the share of the broker's rate limit is another: twenty
 * orders a second are a hundred times what Alpaca lets through.
 */
import { pino } from "pino";
import { createAlpacaBroker } from "../../src/broker/alpaca/alpaca-broker.ts";
import { RateBudget } from "../../src/broker/alpaca/rate-budget.ts";
import { resolveConfig } from "../../src/config.ts";
import { FlooredClock } from "../../src/core/floored-clock.ts";
import type { OwnerId } from "../../src/core/ids.ts";
import type { ManualClock } from "../../src/core/manual-clock.ts";
import { systemRandom } from "../../src/core/random.ts";
import { GuardDesk } from "../../src/guard/guard-desk.ts";
import { backUpSqliteLedger } from "../../src/ledger/sqlite/backup.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { OpenLatch } from "../../src/open-latch.ts";

const REQUESTS_PER_WINDOW = 1_000_000;
export const KEYS = { keyId: "soak", secret: "soak-secret" } as const;

export interface SoakLatch {
  readonly latch: OpenLatch;
  /** Resolves when no call to the broker is without its answer; false where none was. */
  readonly answered: () => Promise<boolean>;
  /** Lines that say of a failure. */
  readonly failures: readonly string[];
}

export async function openSoakLatch(
  store: string,
  brokerUrl: string,
  clock: ManualClock,
): Promise<SoakLatch> {
  const failures: string[] = [];
  const write = (line: string) => void failures.push(line);
  const calls = countedFetch();
  const ledger = openSqliteLedger(store, clock);
  const budget = new RateBudget({ clock, maxRequests: REQUESTS_PER_WINDOW });
  const { fetchApi } = calls;
  const broker = createAlpacaBroker({ ...KEYS, clock, baseUrl: brokerUrl, fetchApi, budget });
  const account = await broker.account();
  if (account.kind !== "read") throw new Error(`no account: ${account.reason}`);
  const { accountId } = account.value;
  await ledger.adoptOpening(accountId, [], clock.now());
  const config = resolveConfig({ ...KEYS, store, baseUrl: brokerUrl, agent: "soak" }, {});
  const log = pino({ level: "error" }, { write });
  const common = { ledger, log, clock: new FlooredClock(clock), owner: "soak" as OwnerId };
  const { agent, guardLeaseMs: leaseMs } = config;
  const latch = new OpenLatch({
    ...{ ...common, account: accountId, brokerUrl, broker, config },
    backUp: (request) => backUpSqliteLedger(store, request),
    guard: new GuardDesk({ ...common, random: systemRandom, agent, leaseMs }),
  });
  return { latch, answered: calls.answered, failures };
}

/** Who waits for the broker sleeps: its time is not to be counted as ours. */
function countedFetch() {
  let underWay = 0;
  const allAnswered: (() => void)[] = [];
  const fetchApi: typeof fetch = async (input, init) => {
    underWay += 1;
    try {
      const answer = await fetch(input, init);
      const body = await answer.arrayBuffer();
      const { status, headers } = answer;
      return new Response(body.byteLength === 0 ? null : body, { status, headers });
    } finally {
      underWay -= 1;
      if (underWay === 0) for (const tell of allAnswered.splice(0)) tell();
    }
  };
  const answered = async () => {
    if (underWay === 0) return false;
    await new Promise<void>((resolve) => allAnswered.push(resolve));
    return true;
  };
  return { fetchApi, answered };
}
