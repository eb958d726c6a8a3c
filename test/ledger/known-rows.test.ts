/** What a ledger keeps in memory of its own rows is never another thing than the file has. */
import { expect, test } from "vitest";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { Database } from "../sqlite-database.ts";
import { claimed, openLedger } from "./open-ledger.ts";
import {
  ACCOUNT,
  accepted,
  claimCommand,
  comparedReads,
  filledOrder,
  orderRead,
  START,
} from "./sample-commands.ts";
import { temporaryFile } from "./temporary-folder.ts";

const COMMAND = claimCommand({ requestId: "r-1" });

test("what another opening of the file has written since is seen by the next question", async () => {
  const file = temporaryFile();
  const [one, other] = [openLedger(file), openLedger(file)];
  const claim = await claimed(one, COMMAND);
  expect(await one.claim(COMMAND)).toMatchObject({ kind: "pending" });
  await other.record(claim.key, accepted(claim));
  await other.record(claim.key, orderRead(filledOrder(claim, "6")));
  expect(await one.claim(COMMAND)).toMatchObject({ kind: "skip" });
  expect(await one.claimOf(claim.key)).toMatchObject({ status: "SETTLED" });
  expect(await one.book(claim.key.account, "TQQQ")).toMatchObject({ net: "6" });
  const third = await claimed(one, claimCommand({ requestId: "r-2", quantity: "7" }));
  expect(await other.claimOf(third.key)).toEqual(third);
  expect(firstBreak(await other.events())).toBeUndefined();
});

test("a claim that another opening made after a look-up is found", async () => {
  const file = temporaryFile();
  const [one, other] = [openLedger(file), openLedger(file)];
  const key = (await claimed(other, claimCommand({ requestId: "r-0", quantity: "1" }))).key;
  const wanted = { ...key, requestId: "r-1" as typeof key.requestId };
  expect(await one.claimOf(wanted)).toBeUndefined();
  await claimed(other, COMMAND);
  expect(await one.claim(COMMAND)).toMatchObject({ kind: "pending" });
});

test("an equal order of another opening is met while it has no answer, and not once it has", async () => {
  const file = temporaryFile();
  const [one, other] = [openLedger(file), openLedger(file)];
  await claimed(one, claimCommand({ requestId: "r-0", quantity: "1" }));
  const first = await claimed(other, claimCommand({ requestId: "r-1" }));
  const second = claimCommand({ requestId: "r-2" });
  expect(await one.claim(second)).toMatchObject({ kind: "pending", claim: { key: first.key } });
  await other.record(first.key, accepted(first));
  await other.record(first.key, orderRead(filledOrder(first, "6")));
  expect(await one.unsettledClaims(first.key.account)).toHaveLength(1);
  expect(await one.claim(second)).toMatchObject({ kind: "proceed" });
});

test("a filled order whose caller was never told stands in for an equal one, also from its row", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const first = await claimed(ledger, claimCommand({ requestId: "r-1" }));
  await ledger.record(first.key, orderRead(filledOrder(first, "6")));
  await ledger.countByStatus(first.key.account);
  for (const opening of [ledger, openLedger(file)]) {
    const answer = await opening.claim(claimCommand({ requestId: "r-2" }));
    expect(answer).toMatchObject({ kind: "skip", claim: { key: first.key } });
  }
});

test("a row that was changed by hand is read as it is now, a turn of the event loop later", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const claim = await claimed(ledger, COMMAND);
  await ledger.countByStatus(claim.key.account);
  const database = new Database(file);
  database.exec(`UPDATE claims SET body = json_set(body, '$.owner', 'somebody')`);
  database.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await ledger.claimOf(claim.key)).toMatchObject({ owner: "somebody" });
});

/** A ledger with a claim, and what fails in a transaction together with all else in it. */
async function withFailing() {
  const ledger = openLedger(temporaryFile());
  const { key } = await claimed(ledger, claimCommand({ requestId: "r-0", quantity: "1" }));
  const nobodys = { ...key, requestId: "nobody's" as typeof key.requestId };
  const told = { type: "told", answer: "pending", fencing: 1, now: 0 } as const;
  return { ledger, failing: () => ledger.record(nobodys, told) };
}

test("what was taken back with a transaction that failed is not remembered", async () => {
  const { ledger, failing } = await withFailing();
  const [first, second] = await Promise.allSettled([ledger.claim(COMMAND), failing()]);
  expect(second.status).toBe("rejected");
  expect(first).toMatchObject({ value: { kind: "proceed" } });
  expect((await ledger.events()).map(({ sequence }) => sequence)).toEqual([1, 2]);
});

/** The broker holds six shares that no book knows: two reads say so. */
async function strangersShares(ledger: Ledger) {
  const seen = await comparedReads(ledger, "6", "0");
  return { ...seen, policy: "observe", now: START + 60_000 } as const;
}

test("an incident that another opening has begun is not begun again", async () => {
  const file = temporaryFile();
  const [one, other] = [openLedger(file), openLedger(file)];
  const inTqqq = { symbol: "TQQQ", isOpen: true };
  expect(await one.incidents(ACCOUNT, inTqqq)).toEqual([]);
  const begun = await other.compare(ACCOUNT, "TQQQ", await strangersShares(other));
  expect(begun).toMatchObject({ id: 1, kind: "orphan" });
  expect(await one.incidents(ACCOUNT, inTqqq)).toEqual([begun]);
  const again = await strangersShares(one);
  expect(await one.compare(ACCOUNT, "TQQQ", again)).toBeUndefined();
  expect(await other.incidents(ACCOUNT)).toHaveLength(1);
});

test("an incident that was taken back with its transaction is begun all the same", async () => {
  const { ledger, failing } = await withFailing();
  const seen = await strangersShares(ledger);
  const compare = () => ledger.compare(ACCOUNT, "SPY", seen);
  await Promise.allSettled([compare(), compare(), failing()]);
  expect(await ledger.incidents(ACCOUNT)).toMatchObject([{ symbol: "SPY", resolution: null }]);
});

test("a claim that was given out cannot be changed by whoever has it", async () => {
  const ledger = openLedger(temporaryFile());
  const { key } = await claimed(ledger, COMMAND);
  const claim = (await ledger.claimOf(key)) as { owner: string; key: { agent: string } };
  expect(() => {
    claim.key.agent = "somebody";
  }).toThrow(TypeError);
  expect(await ledger.claimOf(key)).toMatchObject({ key: { agent: "bot" } });
});

test("what was given out can be changed, and is kept as it was", async () => {
  const file = temporaryFile();
  const ledger = openLedger(file);
  const claim = await claimed(ledger, COMMAND);
  const given = { ...claim, intent: { ...claim.intent } };
  const { claim: settled } = await ledger.record(claim.key, orderRead(filledOrder(claim, "6")));
  const kept = structuredClone(settled);
  Object.assign(claim, { status: "FINAL" });
  Object.assign(claim.intent, { quantity: "7" });
  Object.assign(settled, { owner: "somebody" });
  expect(await ledger.claimOf(claim.key)).toEqual(kept);
  expect(await ledger.events()).toMatchObject([{ body: { intent: given.intent } }, {}, {}, {}]);
  expect(await openLedger(file).claimOf(claim.key)).toEqual(kept);
});
