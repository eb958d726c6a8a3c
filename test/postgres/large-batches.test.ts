/**
 * Many operations in one transaction, whose rows go out in portions, and as columns of text that
 * the server takes apart.
 */
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import type { AgentId, ClaimKey, RequestId } from "../../src/core/ids.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed } from "../ledger/open-ledger.ts";
import { ACCOUNT, BOT, claimCommand, START } from "../ledger/sample-commands.ts";
import { newDatabase, onServer } from "./shared-server.ts";

const MANY = 100;
/** What takes columns apart, what means nothing in them, and what is escaped in either. */
const ODD_TEXTS = [
  "\x1f",
  "\x1f1\x1e",
  "a\x1e",
  "\\N",
  "\\",
  "\0",
  '{"',
  "'",
  "\n",
  "NULL",
  "ü 🦆",
];

async function open(): Promise<{ readonly ledger: Ledger; readonly url: string }> {
  const { url, drop } = await newDatabase();
  onTestFinished(drop);
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close());
  await ledger.probe();
  return { ledger, url };
}

const NAMES = Array.from({ length: MANY }, (_, index) => `r-${index}`);

function claimOf(name: string, index: number) {
  return claimCommand({ requestId: name, quantity: `${index + 1}` });
}

test("a claim and what becomes of it in the same transaction have one row, as they are now", async () => {
  const { ledger } = await open();
  const commands = NAMES.map(claimOf);
  const keys = NAMES.map((name): ClaimKey => {
    return { account: ACCOUNT, agent: BOT, requestId: name as RequestId };
  });
  const told = { type: "told", answer: "pending", fencing: 1, now: START } as const;
  const [decisions, records] = await Promise.all([
    Promise.all(commands.map((command) => ledger.claim(command))),
    Promise.allSettled(keys.map((key) => ledger.record(key, told))),
    // One that fails takes back what it wrote, and nothing of the others.
    ledger.record({ ...keys[0], requestId: "nobody's" } as ClaimKey, told).catch(() => undefined),
  ]);
  expect(decisions.map(({ kind }) => kind)).toEqual(commands.map(() => "proceed"));
  expect(records.map(({ status }) => status)).toEqual(commands.map(() => "fulfilled"));
  const claims = await ledger.claimsOf(keys);
  expect(claims.map((claim) => claim?.told)).toEqual(keys.map(() => "pending"));
  const events = await ledger.events({ limit: 1_000 });
  expect(events).toHaveLength(2 * MANY);
  expect(firstBreak(events)).toBeUndefined();
});

test("a row that the server does not take costs its own claim alone, whatever is asked behind it", async () => {
  const { ledger, url } = await open();
  await onServer(url, "ALTER TABLE tradelatch.claims ADD CHECK (request_id <> 'r-5')");
  const claiming = Promise.allSettled(
    NAMES.map((name, index) => ledger.claim(claimOf(name, index))),
  );
  // Nobody foresees what this asks: it asks after a part of the claims has gone out.
  expect(await ledger.adoptOpening(ACCOUNT, [], START)).toBe(true);
  const refused = (await claiming).flatMap(({ status }, index) =>
    status === "rejected" ? [NAMES[index]] : [],
  );
  expect(refused).toEqual(["r-5"]);
  const events = await ledger.events({ limit: 1_000 });
  expect(events).toHaveLength(MANY - 1);
  expect(firstBreak(events)).toBeUndefined();
});

test("ids of any characters are kept as they are, alone and beside others", async () => {
  const { ledger } = await open();
  const commands = ODD_TEXTS.map((text, index) =>
    claimCommand({ requestId: text, quantity: `${index + 1}` }, { agent: text as AgentId }),
  );
  const [first, ...others] = commands;
  if (first === undefined) throw new Error("there are no texts");
  await claimed(ledger, first);
  const claims = await Promise.all(others.map((command) => claimed(ledger, command)));
  expect(claims.map(({ key }) => key.requestId)).toEqual(ODD_TEXTS.slice(1));
  for (const [index, text] of ODD_TEXTS.entries()) {
    const key = { account: ACCOUNT, agent: text as AgentId, requestId: text as RequestId };
    expect((await ledger.claimOf(key))?.key).toEqual(key);
    const again = await ledger.claim(commands[index] ?? first);
    expect(again).toMatchObject({ kind: "pending", claim: { key } });
  }
  const events = await ledger.events();
  expect(events.map((event) => event.subject === "claim" && event.key.agent)).toEqual(ODD_TEXTS);
  expect(firstBreak(events)).toBeUndefined();
});
