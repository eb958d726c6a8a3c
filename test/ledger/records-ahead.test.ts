/** That the broker has taken an order is told before its transaction, and is in the next one. */
import { expect, onTestFinished, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import { Database } from "../sqlite-database.ts";
import { claimed, expectAgreement, latchError, openLedger } from "./open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  ambiguous,
  brokerOrder,
  claimCommand,
  filledOrder,
  orderRead,
  START,
} from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

const command = (requestId: string, quantity = "6") => claimCommand({ requestId, quantity });

/** What stands in the file, whatever the ledger says. */
function eventsIn(file: string): readonly string[] {
  const database = new Database(file, { readonly: true });
  const sql = "SELECT body ->> '$.type' FROM events ORDER BY sequence";
  const types = database.prepare(sql).pluck().all() as string[];
  database.close();
  return types;
}

/** The file takes no event of this type until the function that is returned was called. */
function refuseEvents(file: string, type: string): () => void {
  const database = new Database(file);
  onTestFinished(() => void database.close());
  database.exec(
    `CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.body ->> '$.type' = '${type}'
       BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END`,
  );
  return () => void database.exec("DROP TRIGGER broken");
}

/** Another program has the file for itself until the function that is returned was called. */
function lock(file: string): () => void {
  const database = new Database(file);
  onTestFinished(() => void database.close());
  database.exec("BEGIN IMMEDIATE");
  return () => void database.exec("ROLLBACK");
}

/** A ledger with one claim, whose order is to be accepted. */
async function sentOrder() {
  const file = temporaryFile();
  const clock = new ManualClock(START);
  const ledger = openLedger(file, clock);
  return { file, clock, ledger, claim: await claimed(ledger, command("r-1")) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("an acceptance is told before it is written, known at once, and in the file a turn later", async () => {
  const { file, ledger, claim } = await sentOrder();
  const result = await ledger.record(claim.key, accepted(claim));
  expect(eventsIn(file)).toEqual(["claimed"]);
  expect(result).toMatchObject({ changed: true, claim: { brokerOrderId: expect.anything() } });
  expect(await ledger.claimOf(claim.key)).toEqual(result.claim);
  expect(await ledger.claim(command("r-1"))).toMatchObject({ kind: "pending", phase: "working" });
  await turn();
  expect(eventsIn(file)).toEqual(["claimed", "accepted", "fills_awaited"]);
  await expectAgreement(ledger);
});

test("a fill that the answer shows moves the book at once", async () => {
  const { ledger, claim } = await sentOrder();
  const outcome = { kind: "accepted", order: filledOrder(claim, "6") } as const;
  const answer = { ...accepted(claim), outcome } as ReturnType<typeof accepted>;
  expect(await ledger.record(claim.key, answer)).toMatchObject({ claim: { status: "SETTLED" } });
  expect(await ledger.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
  expect(await ledger.record(claim.key, answer)).toMatchObject({ changed: false });
  await expectAgreement(ledger);
});

test("it is among the events that are given out, and the next claim's transaction writes it first", async () => {
  const { file, ledger, claim } = await sentOrder();
  const told = ledger.record(claim.key, accepted(claim));
  const [, second] = await Promise.all([told, claimed(ledger, command("r-2", "7"))]);
  expect(eventsIn(file)).toEqual(["claimed", "accepted", "fills_awaited", "claimed"]);
  await ledger.record(second.key, accepted(second));
  expect((await ledger.events()).at(-1)?.body.type).toBe("fills_awaited");
  await expectAgreement(ledger);
});

test("what another opening wrote in between comes before it, and both are kept", async () => {
  const file = temporaryFile();
  const [one, other] = [openLedger(file), openLedger(file)];
  const claim = await claimed(one, command("r-1"));
  const answered = one.record(claim.key, accepted(claim));
  // The other one's transaction is over before the first one's turn has come.
  const others = claimed(other, command("r-2", "7"));
  expect(await answered).toMatchObject({ changed: true });
  await others;
  await turn();
  expect(await other.claimOf(claim.key)).toMatchObject({ told: "certain" });
  await expectAgreement(one);
  await expectAgreement(other);
});

test("an order that another opening has booked meanwhile is not booked again", async () => {
  const file = temporaryFile();
  const [one, other] = [openLedger(file), openLedger(file)];
  const claim = await claimed(one, command("r-1"));
  // Queued first, and so in the file first.
  const booked = other.record(claim.key, orderRead(filledOrder(claim, "6")));
  const outcome = { kind: "accepted", order: filledOrder(claim, "6") } as const;
  await one.record(claim.key, { ...accepted(claim), outcome } as ReturnType<typeof accepted>);
  await booked;
  await turn();
  expect(await one.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
  expect(await other.book(ACCOUNT, "TQQQ")).toMatchObject({ net: "6" });
  expect(eventsIn(file)).toEqual([
    "claimed",
    "fill_booked",
    "order_ended",
    "sealed",
    "caller_told",
  ]);
  await expectAgreement(one);
});

test("while the file is locked it waits, is not forgotten, and claims are refused", async () => {
  const { file, clock, ledger, claim } = await sentOrder();
  const unlock = lock(file);
  await ledger.record(claim.key, accepted(claim));
  expect((await latchError(() => ledger.claim(command("r-2", "7")))).code).toBe("store_busy");
  unlock();
  expect(eventsIn(file)).toEqual(["claimed"]);
  clock.advanceTo(START + 250);
  await turn();
  await turn();
  expect(eventsIn(file)).toEqual(["claimed", "accepted", "fills_awaited"]);
  await expectAgreement(ledger);
});

test("one that the store does not take by itself keeps no claim out, and is tried again", async () => {
  const { file, clock, ledger, claim } = await sentOrder();
  const mend = refuseEvents(file, "accepted");
  await ledger.record(claim.key, accepted(claim));
  await turn();
  await claimed(ledger, command("r-2", "7"));
  expect(eventsIn(file)).toEqual(["claimed", "claimed"]);
  clock.advanceTo(START + 250);
  await turn();
  await turn();
  expect(eventsIn(file)).toEqual(["claimed", "claimed"]);
  mend();
  clock.advanceTo(START + 750);
  await turn();
  await turn();
  expect(eventsIn(file)).toEqual(["claimed", "claimed", "accepted", "fills_awaited"]);
  await expectAgreement(ledger);
});

test("a closing that cannot write it says so, and tries no more", async () => {
  const { file, clock, ledger, claim } = await sentOrder();
  const unlock = lock(file);
  await ledger.record(claim.key, accepted(claim));
  expect((await latchError(() => ledger.close())).code).toBe("store_busy");
  unlock();
  expect(clock.nextWakeAt()).toBeUndefined();
  expect(eventsIn(file)).toEqual(["claimed"]);
  expect(await openLedger(file).claimOf(claim.key)).toMatchObject({ status: "OPEN" });
});

test("closing writes it", async () => {
  const { file, ledger, claim } = await sentOrder();
  await Promise.all([ledger.record(claim.key, accepted(claim)), ledger.close()]);
  expect(await openLedger(file).claimOf(claim.key)).toMatchObject({ told: "certain" });
});

test("a record that the store refuses by itself does not hold up the closing for ever", async () => {
  const { file, ledger, claim } = await sentOrder();
  refuseEvents(file, "accepted");
  await ledger.record(claim.key, accepted(claim));
  await ledger.close();
  expect(await openLedger(file).claimOf(claim.key)).toMatchObject({ status: "OPEN" });
});

test("an acceptance that ends an incident is written with it, in one transaction", async () => {
  const { file, ledger, claim } = await sentOrder();
  await ledger.record(claim.key, ambiguous(claim));
  await ledger.record(claim.key, { type: "overdue", now: START + 60_000 });
  expect(await ledger.incidents(ACCOUNT, { isOpen: true })).toHaveLength(1);
  await ledger.record(claim.key, accepted(claim, START + 61_000));
  expect(eventsIn(file).at(-1)).toBe("incident_resolved");
  expect(await ledger.incidents(ACCOUNT, { isOpen: true })).toEqual([]);
  expect(firstBreak(await ledger.events())).toBeUndefined();
});

test("of two acceptances of one order only one claim has it", async () => {
  const ledger = openLedger(temporaryFile());
  const first = await claimed(ledger, claimCommand({ requestId: "r-1" }));
  const second = await claimed(ledger, claimCommand({ requestId: "r-2", quantity: "7" }));
  const order = brokerOrder(first);
  const outcome = { kind: "accepted", order } as const;
  const both = [first, second].map((claim) =>
    ledger.record(claim.key, { ...accepted(claim), outcome } as ReturnType<typeof accepted>),
  );
  const [one, other] = await Promise.all(both);
  expect(one?.claim.brokerOrderId).toBe(order.brokerOrderId);
  expect(other?.claim.brokerOrderId).toBeNull();
  await expectAgreement(ledger);
});

test("an order whose id two agents' bots gave is told once it is written", async () => {
  const { file, ledger } = await sentOrder();
  const named = (agent: AgentId, clientOrderId: string, quantity = "7") =>
    claimed(ledger, claimCommand({ clientOrderId, quantity }, { agent }));
  const [one, other] = ["one", "other"] as AgentId[];
  const mine = await named(one as AgentId, "exit-1");
  const alone = await named(one as AgentId, "exit-2", "8");
  await named(other as AgentId, "exit-1");
  const written = eventsIn(file).length;
  await ledger.record(alone.key, accepted(alone));
  expect(eventsIn(file)).toHaveLength(written);
  await turn();
  await ledger.record(mine.key, accepted(mine));
  expect(eventsIn(file).slice(written)).toEqual([
    ...["accepted", "fills_awaited"],
    ...["accepted", "fills_awaited"],
  ]);
});
