/**
 * A transaction's commit is said, and its answer never comes. Whether it was carried out the ledger
 * itself tells, once nobody holds its lock any more.
 */
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openLatch } from "../../src/app.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { OwnerId } from "../../src/core/ids.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { claimed, expectAgreement, latchError } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, pendingNote, START } from "../ledger/sample-commands.ts";
import { ServerRelay } from "./server-relay.ts";
import { databaseOfTest } from "./shared-server.ts";

async function openThroughRelay() {
  const { relay, url } = await ServerRelay.start(await databaseOfTest());
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  await ledger.probe();
  return { relay, url, ledger };
}

const asked = (requestId: string) => claimCommand({ requestId });

test("a claim that is there is granted to whoever asked for it, and to nobody else", async () => {
  const { relay, ledger } = await openThroughRelay();
  const lost = relay.loseNextCommit();
  const [first, second] = await Promise.all([
    ledger.claim(asked("r-1")),
    ledger.claim(asked("r-1")),
  ]);
  await lost;
  expect([first.kind, second.kind]).toEqual(["proceed", "pending"]);
  expect((await ledger.claim(asked("r-1"))).kind).toBe("pending");
  expect(await ledger.events()).toHaveLength(1);
  await expectAgreement(ledger);
});

test("one whose commit never arrived is refused, and granted to the next try", async () => {
  const { relay, ledger } = await openThroughRelay();
  relay.dropNextCommit();
  expect((await latchError(() => ledger.claim(asked("r-1")))).code).toBe("store_unreachable");
  await claimed(ledger, asked("r-1"));
  await expectAgreement(ledger);
});

test("one of which the server cannot be asked is refused, and the next try opens it anew", async () => {
  const { relay, url, ledger } = await openThroughRelay();
  relay.loseNextCommit().then(() => {
    relay.isAway = true;
  });
  const command = asked("r-1");
  expect((await latchError(() => ledger.claim(command))).code).toBe("store_unreachable");
  expect((await latchError(() => ledger.claim(command))).code).toBe("store_unreachable");
  relay.isAway = false;
  // Nobody else knows that it was not sent.
  const other = openPostgresLedger(url, systemClock);
  onTestFinished(() => other.close());
  expect((await other.claim({ ...command, owner: "owner-2" as OwnerId })).kind).toBe("pending");
  const [first, second] = await Promise.all([ledger.claim(command), ledger.claim(command)]);
  expect(first).toMatchObject({ kind: "proceed", reopened: true, claim: { fencing: 2 } });
  expect(second.kind).toBe("pending");
  await expectAgreement(ledger);
});

test("one that was not there, and is granted to another process since, is left alone", async () => {
  const { relay, url, ledger } = await openThroughRelay();
  relay.dropNextCommit();
  relay.isAway = true;
  expect((await latchError(() => ledger.claim(asked("r-1")))).code).toBe("store_unreachable");
  relay.isAway = false;
  const other = openPostgresLedger(url, systemClock);
  onTestFinished(() => other.close());
  const claim = await claimed(other, { ...asked("r-1"), owner: "owner-2" as OwnerId });
  expect((await ledger.claim(asked("r-1"))).kind).toBe("pending");
  expect(await ledger.claimOf(claim.key)).toEqual(claim);
});

test("an exit is sent once, without a pause", async () => {
  const { relay, url: store } = await ServerRelay.start(await databaseOfTest());
  const held = [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }];
  const broker = await startSimulator({ prices: { TQQQ: "75" }, positions: held });
  onTestFinished(() => broker.close());
  const keys = { keyId: "key", secret: "secret", agent: "momentum" } as const;
  const logger = pino({ level: "silent" });
  const latch = await openLatch({ ...keys, store, baseUrl: broker.url, logger, schedule: false });
  onTestFinished(() => latch.close());
  const exit = { symbol: "TQQQ", side: "sell", effect: "close", quantity: "6" } as const;
  const lost = relay.loseNextCommit();
  expect(await latch.submit({ ...exit, requestId: "exit" })).toMatchObject({ status: "PROCEED" });
  await lost;
  expect(await latch.submit({ ...exit, requestId: "exit" })).not.toMatchObject({
    status: "PROCEED",
  });
  expect(broker.orders()).toHaveLength(1);
});

test("what was noted is in the log once", async () => {
  const { relay, ledger } = await openThroughRelay();
  const claim = await claimed(ledger, asked("r-1"));
  ledger.note(pendingNote(claim), START);
  const lost = relay.loseNextCommit();
  await ledger.events();
  await lost;
  const events = await ledger.events();
  expect(events.map(({ body }) => body.type)).toEqual(["claimed", "repeat_answered"]);
  expect(await ledger.countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
});

test("a transaction that has written nothing is answered all the same", async () => {
  const { relay, ledger } = await openThroughRelay();
  await claimed(ledger, asked("r-1"));
  const lost = relay.loseNextCommit();
  expect((await ledger.claim(asked("r-1"))).kind).toBe("pending");
  await lost;
});
