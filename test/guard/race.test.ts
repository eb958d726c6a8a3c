/**
 * Of 64 callers in several processes that claim one id at the same moment, exactly one proceeds.
 * A few rounds with few processes by default; `GUARD_RACE_ROUNDS=1000` makes it that many, with
 * eight processes.
 */
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openGuard } from "../../src/index.ts";
import { commonStart } from "../ledger/ledger-process.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { type GuardPlace, GuardProcess } from "./guard-process.ts";

const ROUNDS = Number(process.env.GUARD_RACE_ROUNDS ?? 15);
const IS_WHOLE = process.env.GUARD_RACE_ROUNDS !== undefined;
const PROCESSES = IS_WHOLE ? 8 : 2;
const CALLERS = 64;
/** In fewer, one process may be quicker every time. */
const ROUNDS_FOR_ALL = 200;
const TIMEOUT_MS = 30_000 + ROUNDS * 500;

/** What went wrong, by round; and in which process somebody proceeded, how often. */
async function race(place: GuardPlace) {
  const starting = Array.from({ length: PROCESSES }, () => GuardProcess.start(place));
  const processes = await Promise.all(starting);
  const wrong: string[] = [];
  const wins = processes.map(() => 0);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const startAt = commonStart();
    const asked = { requestId: `round-${round}`, callers: CALLERS / PROCESSES, startAt };
    const counts = await Promise.all(processes.map((one) => one.ask("race", asked)));
    const of = (kind: string) => counts.reduce((sum, count) => sum + (count[kind] ?? 0), 0);
    if (of("proceed") !== 1 || of("pending") !== CALLERS - 1) {
      wrong.push(`round ${round}: ${JSON.stringify(counts)}`);
    }
    counts.forEach((count, index) => {
      wins[index] = (wins[index] ?? 0) + (count.proceed ?? 0);
    });
  }
  await Promise.all(processes.map((one) => one.ask("close", undefined)));
  return { wrong, wins };
}

async function expectOneEach(store: string): Promise<void> {
  const place = { store, auditKey: temporaryFile("key.pem") };
  const { wrong, wins } = await race(place);
  expect(wrong).toEqual([]);
  if (ROUNDS >= ROUNDS_FOR_ALL) expect(Math.min(...wins), `won: ${wins}`).toBeGreaterThan(0);
  const guard = await openGuard({ ...place, agent: "payments", schedule: false });
  onTestFinished(() => guard.close());
  for (let round = 1; round <= ROUNDS; round += 1) {
    const claim = await guard.get(`round-${round}`);
    expect(claim, `round ${round}`).toMatchObject({ status: "OPEN", fencing: 1 });
  }
}

describe("of 64 callers that claim one id at once, exactly one proceeds", () => {
  test(
    "in a SQLite file",
    async () => {
      await expectOneEach(join(temporaryFolder(), "race.db"));
    },
    TIMEOUT_MS,
  );

  test(
    "in a PostgreSQL database",
    async () => {
      const database = await newDatabase();
      // After the guards on it are closed.
      onTestFinished(() => database.drop());
      await expectOneEach(database.url);
    },
    TIMEOUT_MS,
  );
});
