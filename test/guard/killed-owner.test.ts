/** kill -9 between what an action did and its settlement: it is never done a second time. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { GuardVerdict } from "../../src/guard/guard.ts";
import { openGuard } from "../../src/index.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { GuardProcess } from "./guard-process.ts";
import { DrivenClock, LEASE_MS } from "./guard-world.ts";

const ACTION = "payment.send";

/** What the provider was told: the ids it was paid for. */
function paidFor(provider: string): readonly string[] {
  const lines = readFileSync(provider, "utf8").trim().split("\n");
  return lines.map((line) => line.split(" ")[1] ?? "");
}

async function killedAfterPaying(store: string) {
  const provider = join(temporaryFolder(), "provider.txt");
  const place = { store, auditKey: temporaryFile("key.pem") };
  const owner = await GuardProcess.start(place);
  await owner.ask("payAndHang", { requestIds: ["known", "unknown"], provider });
  await owner.kill();
  const clock = new DrivenClock(systemClock.now());
  const guard = await openGuard({ ...place, clock, agent: "payments", schedule: false });
  onTestFinished(() => guard.close());
  return { provider, clock, guard };
}

async function expectOncePaid(store: string): Promise<void> {
  const { provider, clock, guard } = await killedAfterPaying(store);
  const run = () => {
    throw new Error("it was paid a second time");
  };
  const verify = ({ key }: { readonly key: { readonly requestId: string } }): GuardVerdict =>
    paidFor(provider).includes(key.requestId)
      ? { kind: "done", result: "paid", evidence: "the provider has it" }
      : { kind: "absent" };
  const call = { action: ACTION, run };
  // The owner may be alive as far as anybody knows: neither of the two is touched.
  const early = await guard.execute({ ...call, requestId: "known", verify });
  expect(early.status).toBe("pending");
  clock.advance(LEASE_MS);
  const known = await guard.execute({ ...call, requestId: "known", verify });
  expect(known).toMatchObject({ status: "done", result: "paid", isRepeat: true });
  const unknown = await guard.execute({ ...call, requestId: "unknown" });
  expect(unknown).toMatchObject({ status: "unresolved", incident: expect.any(Number) });
  clock.advance(100 * LEASE_MS);
  expect(await guard.execute({ ...call, requestId: "unknown" })).toMatchObject({
    status: "unresolved",
  });
  guard.registerVerifier(ACTION, verify);
  expect((await guard.recover()).resolved).toMatchObject([{ outcome: "done" }]);
  expect(paidFor(provider)).toEqual(["known", "unknown"]);
}

describe("an owner that is killed between its payment and its settlement", () => {
  test("leaves it done by what verify reads, and unresolved without, in SQLite", async () => {
    await expectOncePaid(join(temporaryFolder(), "killed.db"));
  });

  test("leaves it done by what verify reads, and unresolved without, in PostgreSQL", async () => {
    const database = await newDatabase();
    onTestFinished(() => database.drop());
    await expectOncePaid(database.url);
  });
});
