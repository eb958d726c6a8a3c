/** What shares a transaction on a server is decided as on a file, where each has its own. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import { systemClock } from "../../src/core/clock.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { ClaimKey } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { openSqliteLedger } from "../../src/ledger/sqlite/sqlite-ledger.ts";
import { HELD, intent, RECORDS, symbol } from "../ledger/drawn-history.ts";
import { ACCOUNT, claimCommand, POLICY, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { cases } from "../property-cases.ts";
import { newDatabase } from "./shared-server.ts";

type Step =
  | { readonly do: "claim"; readonly intent: object; readonly agent: number }
  | { readonly do: "record"; readonly which: number; readonly command: number }
  | { readonly do: "judge"; readonly which: number; readonly quantity: string }
  | { readonly do: "compare"; readonly symbol: string; readonly quantity: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("claim" as const), intent, agent: fc.nat({ max: 1 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant("record" as const), which: fc.nat({ max: 4 }) },
      command: fc.nat({ max: RECORDS.length - 1 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant("judge" as const), which: fc.nat({ max: 3 }) },
      quantity: fc.constantFrom("0", "1", "3", "-2"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ do: fc.constant("compare" as const), symbol },
      quantity: fc.constantFrom("0", "1", "3", "-2"),
    }),
  },
);
/** Some of them so many that a part of what they write goes out before the rest is decided. */
const group = fc.oneof(
  { weight: 9, arbitrary: fc.array(step, { minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.array(step, { minLength: 33, maxLength: 60 }) },
);
const groups = fc.array(group, { minLength: 3, maxLength: 14 });

class Walk {
  readonly ledger: Ledger;
  readonly #isTogether: boolean;
  readonly #keys: ClaimKey[] = [];

  constructor(ledger: Ledger, isTogether: boolean) {
    this.ledger = ledger;
    this.#isTogether = isTogether;
  }

  /** What came of each; a command is about what its claim was before all of them. */
  async take(group: readonly Step[], now: number): Promise<readonly unknown[]> {
    const claims = await this.ledger.claimsOf(this.#keys);
    const seenThrough = await this.ledger.lastSequence();
    const books = await this.ledger.books(ACCOUNT);
    const moved = (of: string, amount: string) => ({
      reads: [20_000, 10_000].map((ago) => ({
        ...{ quantity: decimal(amount), available: decimal(amount) },
        ...{ averagePrice: decimal("70"), at: now - ago },
      })),
      bookNet: books.find((book) => book.symbol === of)?.net ?? decimal("0"),
      ...{ seenThrough, movedAt: null, now },
    });
    const works = group.map((one) => async (): Promise<unknown> => {
      if (one.do === "claim") {
        const policy = { ...POLICY, allowShort: one.agent === 1 };
        const decision = await this.ledger.claim(claimCommand(one.intent, { now, policy }));
        if (decision.kind === "proceed") this.#keys.push(decision.claim.key);
        return decision;
      }
      if (one.do === "compare") {
        const command = { ...moved(one.symbol, one.quantity), policy: "adopt" } as const;
        return this.ledger.compare(ACCOUNT, one.symbol, command);
      }
      const claim = claims.at(-1 - one.which);
      if (claim === undefined) return undefined;
      if (one.do === "judge") {
        const read = moved(claim.intent.symbol, one.quantity);
        return this.ledger.judge(claim.key, {
          ...{ ...read, fencing: claim.fencing, isExplained: false },
        });
      }
      const command = RECORDS[one.command]?.(claim) as RecordCommand;
      return this.ledger.record(claim.key, { ...command, now });
    });
    const said = (work: () => Promise<unknown>) => work().catch((error: unknown) => String(error));
    if (this.#isTogether) return Promise.all(works.map(said));
    const results: unknown[] = [];
    for (const work of works) results.push(await said(work));
    return results;
  }

  async told() {
    return {
      events: await this.ledger.events({ limit: 10_000 }),
      claims: await this.ledger.claims({ account: ACCOUNT, limit: 500 }),
      // Of those that were claimed in the same moment either may be named first.
      unsettled: new Set((await this.ledger.unsettledClaims(ACCOUNT)).map(({ key }) => key)),
      counts: await this.ledger.countByStatus(ACCOUNT),
      books: await this.ledger.books(ACCOUNT),
      incidents: await this.ledger.incidents(ACCOUNT),
    };
  }
}

test("what shares a transaction is decided as if each came by itself", async () => {
  const run = async (walk: readonly (readonly Step[])[]) => {
    const { url, drop } = await newDatabase();
    const alone = new Walk(openSqliteLedger(temporaryFile(), new ManualClock(START)), false);
    const together = new Walk(openPostgresLedger(url, systemClock), true);
    try {
      for (const { ledger } of [alone, together]) await ledger.adoptOpening(ACCOUNT, HELD, START);
      for (const [index, group] of walk.entries()) {
        const now = START + 1_000 + index * 4_000;
        const expected = await alone.take(group, now);
        expect(await together.take(group, now)).toEqual(expected);
      }
      expect(await together.told()).toEqual(await alone.told());
    } finally {
      await together.ledger.close();
      await alone.ledger.close();
      await drop();
    }
  };
  await fc.assert(fc.asyncProperty(groups, run), { numRuns: cases(20) });
});
