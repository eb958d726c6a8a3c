/** What was read of a position before the book moved decides nothing any more. */
import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/claim/claim.ts";
import type { DivergenceCommand } from "../../src/claim/decide-divergence.ts";
import type { VerdictCommand } from "../../src/claim/decide-verdict.ts";
import { decimal } from "../../src/core/decimal.ts";
import type { AccountId } from "../../src/core/ids.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { MOVES_LOOKAHEAD } from "../../src/ledger/rows.ts";
import { claimed } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  agreedReads,
  claimCommand,
  comparedReads,
  filledOrder,
  orderRead,
  refused,
  START,
} from "../ledger/sample-commands.ts";
import type { StoreOfTest } from "./open-store.ts";

const MINUTES_LATER = START + 600_000;

async function holding(ledger: Ledger, quantity: string, account = ACCOUNT): Promise<void> {
  const held = { symbol: "TQQQ", quantity: decimal(quantity), averagePrice: decimal("70") };
  await ledger.adoptOpening(account, [held], START);
}

/** The broker holds `quantity`, the book six. */
async function divergence(ledger: Ledger, quantity: string): Promise<DivergenceCommand> {
  return { ...(await comparedReads(ledger, quantity, "6")), policy: "adopt", now: START + 60_000 };
}

/** The same of the first refusal of an exit. */
async function verdict(ledger: Ledger, quantity: string): Promise<VerdictCommand> {
  const seen = await comparedReads(ledger, quantity, "6");
  return { ...seen, fencing: 1, isExplained: false, now: START + 60_000 };
}

/** An order that is filled at once. */
async function traded(ledger: Ledger, fields: Partial<IntentInput> = {}): Promise<void> {
  const claim = await claimed(ledger, claimCommand({ requestId: "entry", ...fields }));
  await ledger.record(claim.key, accepted(claim));
  const filled = filledOrder(claim, claim.intent.quantity ?? "0");
  await ledger.record(claim.key, orderRead(filled));
}

/** A stop for six shares that the broker has refused at `now`. */
async function refusedExit(ledger: Ledger, now = START): Promise<Claim> {
  const fields = { side: "sell", effect: "close", anchor: { episode: 1, leg: "stop" } } as const;
  const claim = await claimed(ledger, claimCommand(fields, { now }));
  await ledger.record(claim.key, refused(claim, now));
  return claim;
}

export function testsOfEarlierReads(storeOfTest: StoreOfTest): void {
  describe("reads from before a move of the book", () => {
    test("are no difference, though the book came back to what it held then", async () => {
      const { ledger, another } = await storeOfTest();
      const other = await another();
      await holding(ledger, "6");
      const gone = await divergence(ledger, "0");
      expect(await other.compare(ACCOUNT, "TQQQ", gone)).toMatchObject({ kind: "phantom" });
      await traded(other);
      expect(await ledger.compare(ACCOUNT, "TQQQ", gone)).toBeUndefined();
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
      expect(await ledger.incidents(ACCOUNT)).toHaveLength(1);
      const anew = await divergence(ledger, "0");
      expect(await ledger.compare(ACCOUNT, "TQQQ", anew)).toMatchObject({ kind: "phantom" });
    });

    test("are no difference where the move is of a moment ago", async () => {
      const { ledger } = await storeOfTest();
      await holding(ledger, "6");
      const one = await divergence(ledger, "4");
      const back = { ...one, reads: agreedReads("6"), bookNet: decimal("4") };
      const told = [one, back, one].map((command) => ledger.compare(ACCOUNT, "TQQQ", command));
      expect(await Promise.all(told)).toMatchObject([{ id: 1 }, undefined, undefined]);
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "4" });
    });

    test("do count where only the books of others have moved", async () => {
      const { ledger } = await storeOfTest();
      await holding(ledger, "6");
      const gone = await divergence(ledger, "0");
      await traded(ledger, { symbol: "SPY" });
      await holding(ledger, "1", "account-2" as AccountId);
      expect(await ledger.compare(ACCOUNT, "TQQQ", gone)).toMatchObject({ kind: "phantom" });
    });

    test("are no difference where more came behind them than is looked through", async () => {
      const { ledger } = await storeOfTest();
      await holding(ledger, "6");
      const gone = { ...(await divergence(ledger, "0")), seenThrough: -MOVES_LOOKAHEAD };
      expect(await ledger.compare(ACCOUNT, "TQQQ", gone)).toBeUndefined();
    });

    test("are no verdict, though the book came back to what it held then", async () => {
      const { ledger } = await storeOfTest();
      await holding(ledger, "6");
      const { key } = await refusedExit(ledger);
      const gone = await verdict(ledger, "0");
      await traded(ledger, { requestId: "in", quantity: "2" });
      await traded(ledger, { requestId: "out", quantity: "2", side: "sell", effect: "close" });
      expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
      expect(await ledger.judge(key, gone)).toMatchObject({ verdict: null });
      const { verdict: anew } = await ledger.judge(key, await verdict(ledger, "0"));
      expect(anew?.kind).toBe("already_flat");
    });
  });

  test("a refusal is not judged by what was read after an earlier one of the same exit", async () => {
    const { ledger, another } = await storeOfTest();
    const other = await another();
    await holding(ledger, "6");
    const { key } = await refusedExit(ledger);
    const held = await verdict(ledger, "6");
    expect((await other.judge(key, held)).verdict?.kind).toBe("still_held");
    const again = await refusedExit(other, MINUTES_LATER);
    expect(again).toMatchObject({ key, fencing: 2 });
    expect(await ledger.judge(key, held)).toMatchObject({ verdict: null });
    expect(await ledger.claimOf(key)).toMatchObject({ status: "IN_RECONCILIATION" });
    const own = { ...held, fencing: 2 };
    expect((await ledger.judge(key, own)).verdict?.kind).toBe("still_held");
  });
}
