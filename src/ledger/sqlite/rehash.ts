/**
 * Chains the events of a ledger anew that has a schema before version 7: there a hash was SHA-256
 * over the previous hash, a line feed and the event's canonical JSON, in one chain over all
 * accounts. Runs inside the migration's transaction, after that chain has held.
 */
import type { Database } from "better-sqlite3";
import type { LedgerEvent } from "../../claim/claim-event.ts";
import { LatchError } from "../../core/errors.ts";
import { canonicalJson, sha256Hex } from "../../identity/canonical-json.ts";
import { accountOf, chainEvent, GENESIS_HASH } from "../event-chain.ts";
import { type EventRow, storedEvent } from "../event-row.ts";
import type { OnMigration } from "./on-migration.ts";

const ROWS_AT_ONCE = 1_000;

/** Throws LatchError `store_corrupt` where the log was changed by hand. */
export function rehashEvents(database: Database, onMigration?: OnMigration): void {
  const total = database.prepare("SELECT coalesce(max(sequence), 0) FROM events").pluck().get();
  const page = database.prepare(
    `SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ${ROWS_AT_ONCE}`,
  );
  const save = database.prepare("UPDATE events SET previous_hash = ?, hash = ? WHERE sequence = ?");
  const hashes = new Map<string, string>();
  let former = GENESIS_HASH;
  let sequence = 0;
  for (;;) {
    const rows = page.all(sequence) as EventRow[];
    if (rows.length === 0) return;
    for (const row of rows) {
      const { hash, previousHash, at, sequence: own, ...event } = eventOf(row, database.name);
      const expected = formerHash(former, event, sequence + 1, at);
      if (own !== sequence + 1 || previousHash !== former || hash !== expected) {
        throw damaged(database.name, `its chain breaks at event ${sequence + 1}`);
      }
      const account = accountOf(event);
      const head = { sequence, hash: hashes.get(account) ?? GENESIS_HASH };
      const chained = chainEvent(head, event, at);
      save.run(chained.previousHash, chained.hash, own);
      hashes.set(account, chained.hash);
      former = hash;
      sequence = own;
    }
    onMigration?.(sequence, Number(total));
  }
}

function formerHash(previous: string, event: LedgerEvent, sequence: number, at: number): string {
  return sha256Hex(`${previous}\n${canonicalJson({ ...event, sequence, at })}`);
}

function eventOf(row: EventRow, file: string) {
  try {
    return storedEvent(row, JSON.parse(row.body));
  } catch {
    throw damaged(file, `event ${row.sequence} is not JSON`);
  }
}

function damaged(file: string, what: string): LatchError {
  return new LatchError("store_corrupt", `the ledger ${file} is damaged: ${what}`);
}
