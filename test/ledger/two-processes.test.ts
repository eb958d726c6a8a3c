import { describe, expect, test } from "vitest";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { commonStart, LedgerProcess } from "./ledger-process.ts";
import { openLedger } from "./open-ledger.ts";
import { ACCOUNT, START } from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

const CLAIMS = 10_000;
const CLAIMS_IN_A_ROUND = 200;

interface Tally {
  readonly rounds: number;
  /** Rounds that each process won. */
  readonly wins: readonly [number, number];
  /** Rounds in which not exactly one process got `proceed` and the other `pending`. */
  readonly wrong: readonly string[];
}

/**
 * Both processes claim `fieldsOf(round)` of their own as near the same moment as can be. They are
 * told of it in turns one before the other: with one core whoever is told first may always win.
 */
async function race(
  file: string,
  rounds: number,
  fieldsOf: (round: number, process: 0 | 1) => IntentInput,
): Promise<Tally> {
  const processes = [await LedgerProcess.start(), await LedgerProcess.start()] as const;
  for (const process of processes) await process.ask("open", { file });
  const wins: [number, number] = [0, 0];
  const wrong: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const startAt = commonStart();
    const told = round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    const answers = await Promise.all(
      told.map((index) =>
        processes[index].ask("claim", { fields: fieldsOf(round, index), now: START, startAt }),
      ),
    );
    const kinds = [0, 1].map((index) => answers[told[index] ?? 0]?.kind).join(" and ");
    if (kinds === "proceed and pending") wins[0] += 1;
    else if (kinds === "pending and proceed") wins[1] += 1;
    else wrong.push(`round ${round}: ${kinds}`);
  }
  for (const process of processes) await process.ask("close", undefined);
  return { rounds, wins, wrong };
}

async function expectOneEach(file: string, { rounds, wins, wrong }: Tally): Promise<void> {
  expect(wrong).toEqual([]);
  expect(Math.min(...wins), `the rounds won were ${wins}`).toBeGreaterThan(0);
  const ledger = openLedger(file);
  expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: rounds });
  expect(firstBreak(await ledger.events({ limit: rounds + 1 }))).toBeUndefined();
}

/** Another quantity in each round, so that no round's intent equals an earlier one's. */
function buy(round: number): IntentInput {
  return { symbol: "TQQQ", side: "buy", effect: "open", quantity: String(round) };
}

describe("of two processes that claim, exactly one proceeds", () => {
  test("with the same request id, of 10,000 that both claim", async () => {
    const file = temporaryFile();
    const [first, second] = [await LedgerProcess.start(), await LedgerProcess.start()];
    for (const process of [first, second]) await process.ask("open", { file });
    const wonByFirst: number[] = [];
    const wonBySecond: number[] = [];
    for (let from = 1; from <= CLAIMS; from += CLAIMS_IN_A_ROUND) {
      const numbers = Array.from({ length: CLAIMS_IN_A_ROUND }, (_, index) => from + index);
      const common = { atOnce: 20, now: START, startAt: commonStart() };
      // One begins at the front and one at the back: they meet somewhere in the middle.
      const [atFront, atBack] = await Promise.all([
        first.ask("claimMany", { ...common, numbers }),
        second.ask("claimMany", { ...common, numbers: numbers.toReversed() }),
      ]);
      wonByFirst.push(...atFront);
      wonBySecond.push(...atBack);
    }
    for (const process of [first, second]) await process.ask("close", undefined);
    const won = [...wonByFirst, ...wonBySecond].sort((a, b) => a - b);
    expect(won).toEqual(Array.from({ length: CLAIMS }, (_, index) => index + 1));
    const shares = [wonByFirst.length, wonBySecond.length];
    expect(Math.min(...shares), `the claims won were ${shares}`).toBeGreaterThan(0);
    const ledger = openLedger(file);
    expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: CLAIMS });
    const events = await ledger.events({ limit: CLAIMS + 1 });
    expect(events).toHaveLength(CLAIMS);
    expect(firstBreak(events)).toBeUndefined();
  });

  test("with the same request id at the same moment, in 300 rounds", async () => {
    const file = temporaryFile();
    const tally = await race(file, 300, (round) => ({ ...buy(round), requestId: `r-${round}` }));
    await expectOneEach(file, tally);
  });

  test("with the same anchor, in 200 rounds", async () => {
    const file = temporaryFile();
    const tally = await race(file, 200, (round) => ({
      ...buy(round),
      anchor: { bar: `bar-${round}`, stage: "entry" },
    }));
    await expectOneEach(file, tally);
  });

  test("with equal intents that have no id, in 200 rounds", async () => {
    const file = temporaryFile();
    await expectOneEach(file, await race(file, 200, buy));
  });

  test("with equal intents under an id of their own each, in 200 rounds", async () => {
    const file = temporaryFile();
    const tally = await race(file, 200, (round, process) => ({
      ...buy(round),
      requestId: `r-${round}-of-${process}`,
    }));
    await expectOneEach(file, tally);
  });
});
