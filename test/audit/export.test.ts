import type { Database as Connection } from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { makeCheckpoint } from "../../src/audit/checkpointing.ts";
import { hashOf } from "../../src/audit/event-hash.ts";
import { exportParts } from "../../src/audit/export.ts";
import { accountOf, GENESIS_HASH } from "../../src/ledger/event-chain.ts";
import { type EventRow, storedEvent } from "../../src/ledger/event-row.ts";
import { claimed, latchError, openLedger } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { Database } from "../sqlite-database.ts";
import { exported, OTHER_ACCOUNT, SIGNER, verdictOf, writeTrail } from "./sample-trail.ts";

describe("an export", () => {
  test("of a ledger that is written to is what was there when it began", async () => {
    const file = temporaryFile();
    const [ledger, other] = [openLedger(file), openLedger(file)];
    for (let count = 1; count <= 700; count += 1) {
      await claimed(ledger, claimCommand({ quantity: `${count}` }));
    }
    const last = await ledger.lastSequence();
    let text = "";
    let parts = 0;
    for await (const part of exportParts(ledger, SIGNER, { now: () => START })) {
      text += part.text;
      parts += 1;
      await claimed(other, claimCommand({ quantity: `${1_000 + parts}`, symbol: "SPY" }));
    }
    expect(parts).toBeGreaterThan(2);
    expect(await ledger.lastSequence()).toBeGreaterThan(last);
    const verdict = await verdictOf(text);
    expect(verdict).toMatchObject({ ok: true, checkpoint: { sequence: last } });
  });

  test("is the same every time, but for its checkpoint", async () => {
    const ledger = openLedger(temporaryFile());
    await writeTrail(ledger);
    expect(await exported(ledger)).toBe(await exported(ledger));
  });

  test("signs nothing that does not hold, and names the event", async () => {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await writeTrail(ledger);
    await ledger.close();
    const database = new Database(file);
    database.exec(`DROP TRIGGER events_are_never_changed;
      UPDATE events SET symbol = 'AAPL' WHERE sequence = 4`);
    database.close();
    const error = await latchError(() => exported(openLedger(file)));
    expect(error).toMatchObject({
      code: "audit_broken",
      message: expect.stringContaining("event 4 was changed"),
    });
  });
});

/** A ledger's file with a checkpoint about its last event, and one event behind that. */
async function signedFile(): Promise<{ readonly file: string; readonly signed: number }> {
  const file = temporaryFile();
  const ledger = openLedger(file);
  await writeTrail(ledger);
  const checkpoint = await makeCheckpoint(ledger, SIGNER, { now: () => START });
  await claimed(ledger, claimCommand({ requestId: "behind it", quantity: "8" }));
  await ledger.close();
  return { file, signed: checkpoint?.sequence ?? 0 };
}

function tamper(file: string, change: (database: Connection) => void): void {
  const database = new Database(file);
  database.exec(`DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted;
    DROP TRIGGER checkpoints_are_never_changed`);
  change(database);
  database.close();
}

/** Changes the first event of an account, and makes every hash of it anew. */
function makeAnew(database: Connection, account: string): void {
  const rows = database.prepare("SELECT * FROM events ORDER BY sequence").all() as EventRow[];
  const save = database.prepare(
    "UPDATE events SET at = ?, previous_hash = ?, hash = ? WHERE sequence = ?",
  );
  let previousHash = GENESIS_HASH;
  for (const row of rows) {
    const event = storedEvent(row, JSON.parse(row.body));
    if (accountOf(event) !== account) continue;
    const changed = { ...event, at: previousHash === GENESIS_HASH ? event.at + 1 : event.at };
    const hash = hashOf({ ...changed, previousHash });
    save.run(changed.at, previousHash, hash, event.sequence);
    previousHash = hash;
  }
}

describe("an export of a ledger that was signed before", () => {
  test("holds what was signed, and goes on behind it", async () => {
    const { file, signed } = await signedFile();
    const ledger = openLedger(file);
    const verdict = await verdictOf(await exported(ledger));
    expect(verdict).toMatchObject({ ok: true, checkpoint: { sequence: signed + 1 } });
    for (const account of [ACCOUNT, OTHER_ACCOUNT]) {
      const own = await verdictOf(await exported(ledger, SIGNER, account));
      expect(own).toMatchObject({ ok: true, checkpoint: { account } });
    }
  });

  test("signs no log whose tail was cut off", async () => {
    const { file, signed } = await signedFile();
    tamper(file, (database) => {
      database.exec(`DELETE FROM events WHERE sequence >= ${signed}`);
    });
    const error = await latchError(() => exported(openLedger(file)));
    expect(error).toMatchObject({
      code: "audit_broken",
      message: `event ${signed} is missing: ${signed} events were signed`,
    });
    const own = await latchError(() => exported(openLedger(file), SIGNER, ACCOUNT));
    expect(own).toMatchObject({
      code: "audit_broken",
      message: `event ${signed} is missing: it was signed as the account's last one`,
    });
  });

  test("signs no log that was made anew", async () => {
    const { file, signed } = await signedFile();
    tamper(file, (database) => makeAnew(database, ACCOUNT));
    const whole = await latchError(() => exported(openLedger(file)));
    expect(whole).toMatchObject({ code: "audit_broken" });
    expect(whole.message).toContain(`event ${signed} is not the one that was signed`);
    const own = await latchError(() => exported(openLedger(file), SIGNER, ACCOUNT));
    expect(own).toMatchObject({ code: "audit_broken" });
    expect(own.message).toContain(`event ${signed} is not the one that was signed`);
    const other = await verdictOf(await exported(openLedger(file), SIGNER, OTHER_ACCOUNT));
    expect(other).toMatchObject({ ok: true, checkpoint: { account: OTHER_ACCOUNT } });
  });

  test("signs nothing while a checkpoint of the ledger was changed", async () => {
    const { file, signed } = await signedFile();
    tamper(file, (database) => {
      database.exec(`UPDATE checkpoints SET text = replace(text, '"events":', '"events":1')`);
    });
    for (const account of [undefined, ACCOUNT]) {
      const error = await latchError(() => exported(openLedger(file), SIGNER, account));
      expect(error).toMatchObject({
        code: "audit_broken",
        message: `the checkpoint at event ${signed} was changed: its signature is not of it`,
      });
    }
  });
});
