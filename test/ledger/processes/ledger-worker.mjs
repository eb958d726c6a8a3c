/** A process with a ledger of its own that does what its parent asks over IPC. */
import { DEFAULT_CLAIM_POLICY } from "../../../dist/claim/policy.js";
import { systemClock } from "../../../dist/core/clock.js";
import { parseIntent } from "../../../dist/identity/intent-schema.js";
import { openSqlite } from "../../../dist/ledger/sqlite/binding.js";
import { openSqliteLedger } from "../../../dist/ledger/sqlite/sqlite-ledger.js";

let ledger;
let lock;
let isStorming = false;

/** Until `startAt` of the monotonic clock, which all processes of a machine share. */
function waitFor(startAt) {
  while (startAt !== undefined && process.hrtime.bigint() < BigInt(startAt));
}

/** Takes the write lock for a while and drops it for a while, again and again, until told to stop. */
async function storm(file, heldMs, freeMs) {
  const database = openSqlite(file);
  while (isStorming) {
    database.exec("BEGIN IMMEDIATE");
    spin(heldMs);
    database.exec("ROLLBACK");
    spin(freeMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  database.close();
}

function spin(durationMs) {
  const until = process.hrtime.bigint() + BigInt(durationMs * 1_000_000);
  while (process.hrtime.bigint() < until);
}

function claimCommand(fields, now) {
  const intent = parseIntent(fields, "account-1", "bot");
  return { intent, owner: `process-${process.pid}`, now, policy: DEFAULT_CLAIM_POLICY };
}

const OPERATIONS = {
  open({ file, umask }) {
    if (umask !== undefined) process.umask(umask);
    ledger = openSqliteLedger(file, systemClock);
  },
  async openAndClose({ file, startAt }) {
    waitFor(startAt);
    await openSqliteLedger(file, systemClock).close();
  },
  async claim({ fields, now, startAt }) {
    const command = claimCommand(fields, now);
    waitFor(startAt);
    const decision = await ledger.claim(command);
    return { kind: decision.kind, claim: decision.claim, block: decision.block };
  },
  /** In this order, so many at a time; gives those that this process may send. */
  async claimMany({ numbers, atOnce, now, startAt }) {
    const won = [];
    waitFor(startAt);
    for (let first = 0; first < numbers.length; first += atOnce) {
      const batch = numbers.slice(first, first + atOnce);
      const claims = batch.map((quantity) => {
        const fields = { symbol: "TQQQ", side: "buy", effect: "open", quantity };
        return ledger.claim(claimCommand({ ...fields, requestId: `r-${quantity}` }, now));
      });
      const decisions = await Promise.all(claims);
      won.push(...batch.filter((_, index) => decisions[index].kind === "proceed"));
    }
    return won;
  },
  record: ({ key, command }) => ledger.record(key, command),
  events: () => ledger.events(),
  close: () => ledger.close(),
  /** Takes SQLite's write lock and keeps it until `unlock`. */
  lock({ file }) {
    lock = openSqlite(file);
    lock.exec("BEGIN IMMEDIATE");
  },
  storm({ file, heldMs, freeMs }) {
    isStorming = true;
    void storm(file, heldMs, freeMs);
  },
  calm() {
    isStorming = false;
  },
  unlock() {
    lock.exec("ROLLBACK");
    lock.close();
  },
};

process.on("message", async ({ operation, argument }) => {
  try {
    process.send({ value: await OPERATIONS[operation](argument) });
  } catch (error) {
    process.send({ error: { code: error.code, message: error.message } });
  }
});
process.send({ value: "ready" });
