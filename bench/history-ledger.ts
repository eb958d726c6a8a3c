/**
 * A ledger with a long history: the product makes the file, settles one order in it and opens it
 * again afterwards; the settled claims are copies of that order's row, written as SQL, each with a
 * random id, its own order, its own size and its own episode. Their events are left out: the log
 * has only what the product wrote, and nothing that is measured reads behind it.
 */
import { randomBytes } from "node:crypto";
import { systemClock } from "../src/core/clock.ts";
import type { Latch } from "../src/index.ts";
import { Database } from "../test/sqlite-database.ts";
import { openBenchLatch, settle } from "./bench-latch.ts";
import { intentAt, sizeAt } from "./bench-orders.ts";

const ID_BYTES = 32;
const SPACING_MS = 1_000;
const MODEL = intentAt("model-of-the-history", 0);

/** Makes the ledger and closes it. */
export async function makeHistory(store: string, brokerUrl: string, count: number): Promise<void> {
  const latch = await openBenchLatch(store, brokerUrl);
  await latch.submit(MODEL);
  await settle(latch);
  await latch.close();
  fill(store, count);
}

/** How many of the ledger's claims are settled, by its own count. */
export async function settledIn(latch: Latch): Promise<number> {
  return (await latch.countByStatus()).SETTLED ?? 0;
}

type Row = Record<string, string | number | null> & { readonly body: string };

function fill(store: string, count: number): void {
  const database = new Database(store);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = OFF");
  database.pragma("cache_size = -2000000");
  const row = database
    .prepare("SELECT * FROM claims WHERE request_id = ?")
    .get(MODEL.requestId) as Row;
  const { id: _, ...columns } = row;
  const model = { row, claim: JSON.parse(row.body) as ModelClaim };
  const names = Object.keys(columns);
  const indexes = database
    .prepare("SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'claims' AND type = 'index'")
    .all() as { name: string; sql: string | null }[];
  // The order of a later sort is quicker than a million places found one by one.
  const made = indexes.filter(({ sql }) => sql !== null);
  for (const { name } of made) database.exec(`DROP INDEX ${name}`);
  const marks = names.map(() => "?").join(", ");
  const insert = database.prepare(`INSERT INTO claims (${names.join(", ")}) VALUES (${marks})`);
  const firstAt = systemClock.now() - (count + 1) * SPACING_MS;
  database.transaction(() => {
    for (let index = 0; index < count; index += 1) {
      const copy = copyOf(model, index, firstAt + index * SPACING_MS);
      insert.run(...names.map((name) => copy[name]));
    }
  })();
  for (const { sql } of made) database.exec(sql ?? "");
  database.pragma("wal_checkpoint(TRUNCATE)");
  database.close();
}

interface ModelClaim extends Readonly<Record<string, unknown>> {
  readonly key: object;
  readonly intent: object;
}

interface Model {
  readonly row: Row;
  readonly claim: ModelClaim;
}

function copyOf({ row, claim }: Model, index: number, at: number): Row {
  const requestId = randomBytes(ID_BYTES).toString("hex");
  const fingerprint = randomBytes(ID_BYTES).toString("hex");
  const orderId = `order-${requestId}`;
  const body = {
    ...claim,
    key: { ...claim.key, requestId },
    intent: { ...claim.intent, requestId, quantity: sizeAt(index) },
    ...{ fingerprint, episode: index, claimedAt: at, openedAt: at, certainAt: at },
    ...{ clientOrderId: requestId.slice(0, 48), brokerOrderId: orderId },
  };
  return {
    ...row,
    ...{ request_id: requestId, fingerprint, episode: index, claimed_at: at },
    ...{ broker_order_id: orderId, body: JSON.stringify(body) },
  };
}
