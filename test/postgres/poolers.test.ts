/** A pooler in front of the server, which hands each transaction to whatever connection is free. */
import { existsSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { copyStore } from "../../src/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import { lookAtPostgresLedger } from "../../src/ledger/postgres/look-at-ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, expectAgreement, latchError, openLedger } from "../ledger/open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  claimCommand,
  filledOrder,
  orderRead,
} from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { Pooler, type PoolerOptions } from "./pooler.ts";
import { databaseOfTest } from "./shared-server.ts";

const LEDGERS = 4;
const ORDERS = 40;

async function pooled(options: PoolerOptions = {}) {
  const { pooler, url } = await Pooler.start(await databaseOfTest(), options);
  const open = () => {
    const ledger = openPostgresLedger(url, systemClock);
    onTestFinished(() => ledger.close().catch(() => undefined));
    return ledger;
  };
  return { pooler, url, open };
}

test("ledgers behind one that keeps statements grant each order once, and agree", async () => {
  const { pooler, open } = await pooled({ connections: 3 });
  const ledgers = Array.from({ length: LEDGERS }, open);
  await Promise.all(ledgers.map((ledger) => ledger.probe()));
  let granted = 0;
  for (let order = 0; order < ORDERS; order += 1) {
    const command = claimCommand({ requestId: `r-${order}`, quantity: `${order + 1}` });
    const decisions = await Promise.all(ledgers.map((ledger) => ledger.claim(command)));
    for (const [index, decision] of decisions.entries()) {
      if (decision.kind !== "proceed") continue;
      granted += 1;
      const { claim } = decision;
      const filled = orderRead(filledOrder(claim, claim.intent.quantity ?? ""));
      await ledgers[index]?.record(claim.key, accepted(claim));
      await ledgers.at(index - 1)?.record(claim.key, filled);
    }
  }
  expect(granted).toBe(ORDERS);
  expect(pooler.changes).toBeGreaterThan(ORDERS);
  for (const ledger of ledgers) {
    await expectAgreement(ledger);
    expect(await ledger.countByStatus(ACCOUNT)).toEqual({ SETTLED: ORDERS });
  }
});

describe("one that keeps no statements", () => {
  test.each(["the one last given back", "each in turn"] as const)(
    "and gives %s is refused at the start, with what to do",
    async (gives) => {
      const { url, open } = await pooled({ keepsStatements: false, gives });
      for (const refused of [
        () => open().probe(),
        () => open().claim(claimCommand()),
        () => lookAtPostgresLedger(url, systemClock),
      ]) {
        const { code, message } = await latchError(refused);
        expect(code).toBe("store_refused");
        expect(message).toContain("max_prepared_statements");
      }
    },
  );

  test("is as good as any where it keeps a connection for a client as long as that lives", async () => {
    const { pooler, url, open } = await pooled({ mode: "session", keepsStatements: false });
    const [one, other] = [open(), open()];
    const claim = await claimed(one, claimCommand());
    expect(await other.claimOf(claim.key)).toEqual(claim);
    await Promise.all([one, other].map((ledger) => ledger.close()));
    const { counts } = await copyStore(url, temporaryFile(), { clock: systemClock });
    expect(counts).toMatchObject({ claims: 1 });
    expect(pooler.changes).toBe(0);
  });
});

test("through one a ledger is copied to a server, and none from there: who has it open is hidden", async () => {
  const { url, open } = await pooled();
  const [from, to] = [temporaryFile(), temporaryFile()];
  const source = openLedger(from);
  await claimed(source, claimCommand());
  await source.close();
  await copyStore(from, url, { clock: systemClock });
  const ledger = open();
  expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
  await ledger.close();
  const { code, message } = await latchError(() => copyStore(url, to, { clock: systemClock }));
  expect(code).toBe("store_refused");
  expect(message).toContain("name the server itself");
  expect(existsSync(to)).toBe(false);
});

test("a setting that one does not hand on is refused, and not waited for", async () => {
  const { url } = await pooled();
  const ledger = openPostgresLedger(`${url}?statement_timeout=3s`, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  const { code, message } = await latchError(() => ledger.probe());
  expect(code).toBe("store_refused");
  expect(message).toContain("statement_timeout");
});
