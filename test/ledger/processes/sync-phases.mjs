/**
 * Runs one phase of ledger work after another on the file named first, each behind a mark in its
 * own system calls that a tracer can see: a look at a path that does not exist.
 */
import { accessSync } from "node:fs";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { DEFAULT_CLAIM_POLICY } from "../../../dist/claim/policy.js";
import { systemClock } from "../../../dist/core/clock.js";
import { parseIntent } from "../../../dist/identity/intent-schema.js";
import { openSqlite } from "../../../dist/ledger/sqlite/binding.js";
import { openSqliteLedger } from "../../../dist/ledger/sqlite/sqlite-ledger.js";

const [file, ...phases] = process.argv.slice(2);
const COUNT = 20;
/** Of the log; with so many the ledger moves it into the file. */
const GROWN_PAGES = 4_000;
const now = 1_779_370_800_000;
const claims = [];
let number = 0;
let ledger;
let beside;
let reader;

function mark(name) {
  try {
    accessSync(`/tradelatch-mark/${name}`);
  } catch {}
}

function command(requestId, quantity) {
  const fields = { symbol: "TQQQ", side: "buy", effect: "open", quantity, requestId };
  // An agent of its own in each run, whose intents equal none of an earlier run.
  const intent = parseIntent(fields, "account-1", `bot-${process.pid}`);
  return { intent, owner: `process-${process.pid}`, now, policy: DEFAULT_CLAIM_POLICY };
}

async function newClaim() {
  number += 1;
  const decision = await ledger.claim(command(`${process.pid}-${number}`, String(number)));
  if (decision.kind !== "proceed") throw new Error(`the answer was ${decision.kind}`);
  claims.push(decision.claim);
}

function orderOf(claim, status, filledQuantity) {
  const { clientOrderId, intent } = claim;
  return {
    ...intent,
    brokerOrderId: `order-${clientOrderId}`,
    clientOrderId,
    status,
    filledQuantity,
    filledAveragePrice: filledQuantity === "0" ? null : "50",
    submittedAt: now,
    replacedBy: null,
    replaces: null,
  };
}

const PHASES = {
  open: async () => {
    ledger = openSqliteLedger(file, systemClock);
    await newClaim();
  },
  "claims one at a time": async () => {
    for (let count = 0; count < COUNT; count += 1) await newClaim();
  },
  "claims in one turn": () => Promise.all(Array.from({ length: COUNT }, newClaim)),
  "claims, failures counted": async () => {
    for (let count = 0; count < COUNT; count += 1) {
      await newClaim().catch((error) => process.stdout.write(`${error.code}: ${error.message}\n`));
    }
  },
  "claim, failure told": () => newClaim().catch((error) => process.stdout.write(`${error.code}\n`)),
  /** Without an fsync, by another connection that moves nothing itself. */
  "log grown": () => {
    const database = openSqlite(file);
    database.pragma("synchronous = OFF");
    database.pragma("wal_autocheckpoint = 0");
    const write = database.prepare(
      `INSERT INTO sync_mark (id, sequence, times) VALUES (1, 0, 1)
       ON CONFLICT (id) DO UPDATE SET times = times + 1`,
    );
    for (let pages = 0; pages < GROWN_PAGES; pages += 1) write.run();
    database.close();
  },
  /** As a copy does for as long as it is made. */
  "read beside": () => {
    reader = openSqlite(file, { readonly: true });
    reader.exec("BEGIN; SELECT count(*) FROM events");
  },
  "no longer read": () => reader.close(),
  "turn of the loop": () => turnOfTheLoop(),
  answers: async () => {
    for (const claim of claims) {
      const outcome = { kind: "accepted", order: orderOf(claim, "new", "0") };
      const answer = { type: "answer", fencing: 1, outcome, now, callerWaits: true };
      await ledger.record(claim.key, answer);
    }
  },
  refusals: async () => {
    const refusal = {
      ...{ reason: "buying_power", httpStatus: 403, brokerCode: 40310000, message: "refused" },
      ...{ relatedOrders: [], existingOrderId: null, availableQuantity: null },
    };
    for (const claim of claims) {
      const outcome = { kind: "refused", refusal };
      const answer = { type: "answer", fencing: 1, outcome, now, callerWaits: true };
      await ledger.record(claim.key, answer);
    }
  },
  fills: async () => {
    for (const claim of claims) {
      const order = orderOf(claim, "filled", claim.intent.quantity);
      await ledger.record(claim.key, { type: "order", order, source: "poll", now });
    }
  },
  repeats: async () => {
    for (const { intent } of claims) {
      const decision = await ledger.claim(command(intent.requestId, intent.quantity));
      if (decision.kind !== "skip") throw new Error(`the answer was ${decision.kind}`);
    }
  },
  "open beside": async () => {
    beside = openSqliteLedger(file, systemClock);
  },
  events: () => ledger.events(),
  "events again": () => ledger.events(),
  "events beside": () => beside.events(),
  close: () => ledger.close(),
  "close beside": () => beside.close(),
};

for (const phase of phases) {
  mark(phase);
  await PHASES[phase]();
}
mark("end");
