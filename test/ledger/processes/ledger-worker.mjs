/** A process with a ledger of its own that does what its parent asks over IPC. */
import Database from "better-sqlite3";
import { DEFAULT_CLAIM_POLICY } from "../../../dist/claim/policy.js";
import { systemClock } from "../../../dist/core/clock.js";
import { parseIntent } from "../../../dist/identity/intent-schema.js";
import { openSqliteLedger } from "../../../dist/ledger/sqlite/sqlite-ledger.js";

let ledger;
let lock;

/** Until `startAt` of the monotonic clock, which all processes of a machine share. */
function waitFor(startAt) {
  while (startAt !== undefined && process.hrtime.bigint() < BigInt(startAt));
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
    const intent = parseIntent(fields, "account-1", "bot");
    const owner = `process-${process.pid}`;
    const command = { intent, owner, now, policy: DEFAULT_CLAIM_POLICY };
    waitFor(startAt);
    const decision = await ledger.claim(command);
    return { kind: decision.kind, claim: decision.claim, block: decision.block };
  },
  record: ({ key, command }) => ledger.record(key, command),
  events: () => ledger.events(),
  close: () => ledger.close(),
  /** Takes SQLite's write lock and keeps it until `unlock`. */
  lock({ file }) {
    lock = new Database(file);
    lock.exec("BEGIN IMMEDIATE");
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
