/**
 * What has to hold before the database is a ledger: a server that keeps what it commits, and the
 * schema of this program. Several programs may open it at once; one of them makes the schema.
 */
import { LatchError } from "../../core/errors.ts";
import { storeInUse, UPGRADED_FIRST } from "../store-refusals.ts";
import { APPLICATION, type ConnectionPool, MIGRATION_DEADLINE_MS } from "./connection-pool.ts";
import type { Session } from "./dedicated-connection.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "./migrations.ts";
import { isPooledByTransaction, refuseHidden } from "./pooler.ts";
import { refuseNewer, versionOf } from "./schema-version.ts";

/**
 * Said in front of a commit that has to be on disk: the server's default may be another, and may
 * change while we are connected. What waits for replicas as well stays as it is.
 */
export const KEEP_SYNC = `SELECT set_config('synchronous_commit', 'on', true)
  WHERE current_setting('synchronous_commit') = 'off'`;

const OLDEST_SERVER = 140_000;
/** Any number that nothing else in the database locks. */
const MIGRATION_LOCK = 7_233_120_521;

/**
 * What the role may have set, and a step of the schema or a copy has to outlast; servers before 17
 * do not know the last one.
 */
export const WITHOUT_TIMEOUTS = `SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings
  WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout',
    'transaction_timeout')`;

/** What there is in the schema without a record of how it was made. */
const FOUND_IN_SCHEMA = `SELECT count(*) > 0 AS "isThere", min(c.relname::text) AS other
  FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class c
    ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND NOT (c.relname = 'migrations' AND c.relkind = 'r')
  WHERE n.nspname = 'tradelatch'`;

const OTHERS = `SELECT count(*) AS others FROM pg_catalog.pg_stat_activity
  WHERE datname = current_database() AND split_part(application_name, ' ', 1) = $1
    AND pid <> pg_backend_pid()`;
const LOOK_AGAIN = "SELECT pg_sleep(0.1), pg_stat_clear_snapshot()";
const LOOKS_MAX = 20;

/**
 * Throws LatchError `store_*`; `store_missing` where there is no ledger and none may be made. One
 * that may not be made is not upgraded either while others have it open (`store_in_use`): that may
 * be an older program, which could take no more orders.
 */
export async function openDatabase(
  pool: ConnectionPool,
  { isMade = true }: { readonly isMade?: boolean } = {},
): Promise<void> {
  const isPooled = await isPooledByTransaction(pool);
  const version = await pool.reserved(async (session) => {
    await refuseUnsound(session);
    if (!isMade) await refuseMissing(session);
    const found = await versionOf(session);
    if (!isMade && found < SCHEMA_VERSION) {
      refuseHidden(isPooled, session.place);
      await refuseShared(session, UPGRADED_FIRST);
    }
    return found;
  });
  if (version === SCHEMA_VERSION) return;
  await pool.reserved(migrateAlone, MIGRATION_DEADLINE_MS);
}

/** Throws LatchError `store_missing` for a database that has no ledger. */
export async function refuseMissing(session: Session): Promise<void> {
  if ((await versionOf(session)) > 0) return;
  throw new LatchError("store_missing", `there is no ledger in ${session.place}`);
}

/**
 * Throws LatchError `store_in_use` where another process of ours is connected. The connections of
 * one that has just ended are the server's for a moment longer.
 */
export async function refuseShared(session: Session, purpose?: string): Promise<void> {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const [found] = await session.ask<{ others: number }>(OTHERS, [APPLICATION]);
    if (found?.others === 0) return;
    await session.run(LOOK_AGAIN);
  }
  throw storeInUse(session.place, purpose);
}

/** Refuses a server that does not keep what it commits. */
export async function refuseUnsound(session: Session): Promise<void> {
  const [settings] = await session.ask<Record<string, string>>(
    `SELECT current_setting('server_version_num') AS version,
         current_setting('server_version') AS said, current_setting('fsync') AS fsync,
         current_setting('full_page_writes') AS pages,
         current_setting('server_encoding') AS encoding`,
    [],
  );
  if (settings === undefined) throw new LatchError("store_failed", "no settings were read");
  refuseServer(settings, session.place);
}

function refuseServer(settings: Record<string, string>, place: string): void {
  const { version, said, fsync, pages, encoding } = settings;
  if (Number(version) < OLDEST_SERVER) {
    const message = `the server at ${place} is PostgreSQL ${said}: 14 or later is needed`;
    throw new LatchError("store_refused", message);
  }
  if (encoding !== "UTF8") {
    const message = `the database at ${place} is in ${encoding}: UTF8 is needed`;
    throw new LatchError("store_refused", message);
  }
  refuseUnsafe({ fsync, pages }, place);
}

/** What has to be on, or a commit is not on disk. */
export interface SyncSettings {
  readonly fsync: string | undefined;
  /** `full_page_writes`. */
  readonly pages: string | undefined;
}

/** Throws LatchError `store_unsafe`. */
export function refuseUnsafe({ fsync, pages }: SyncSettings, place: string): void {
  for (const [name, value] of Object.entries({ fsync, full_page_writes: pages })) {
    if (value === "on") continue;
    const message = `the server at ${place} has ${name} = ${value}: its commits are not on disk`;
    throw new LatchError("store_unsafe", message);
  }
}

async function migrateAlone(session: Session): Promise<void> {
  // Behind the lock it sees what its last holder has made, whatever the server's default is.
  await session.run(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${WITHOUT_TIMEOUTS}`);
  await migrateWithin(session);
  await session.run("COMMIT");
}

/** Makes the schema inside the transaction that is open, as its first act. */
export async function migrateWithin(session: Session, steps = MIGRATIONS): Promise<void> {
  await session.run(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
  await migrate(session, steps);
}

/**
 * Older programs that have the database open wait at the log's head, where each of their
 * transactions begins, and find the new number there.
 */
async function migrate(session: Session, steps: readonly string[]): Promise<void> {
  const version = await versionOf(session);
  refuseNewer(version, session.place);
  if (version === steps.length) return;
  if (version > 0) {
    // Whoever comes meanwhile waits behind it, and it behind whoever reads, as pg_dump does.
    await session.run(
      `SET LOCAL lock_timeout = '3s'; LOCK TABLE tradelatch.head IN ACCESS EXCLUSIVE MODE`,
    );
  } else await makeSchema(session);
  for (const [index, migration] of steps.entries()) {
    if (index < version) continue;
    const made = `INSERT INTO tradelatch.migrations (version) VALUES (${index + 1})`;
    await session.run(`${migration};${made}`);
  }
  await session.run(`UPDATE tradelatch.head SET schema_version = ${steps.length}`);
}

/** Where the schema is there already, as one that was made for a role, none has to be made. */
async function makeSchema(session: Session): Promise<void> {
  const [found] = await session.ask<{ isThere: boolean; other: string | null }>(
    FOUND_IN_SCHEMA,
    [],
  );
  if (typeof found?.other === "string") {
    const message =
      `the schema tradelatch at ${session.place} has ${found.other} in it, and no record of its ` +
      "making: it is a part of a ledger, or none of ours; restore all of it, or drop it";
    throw new LatchError("store_corrupt", message);
  }
  const schema = found?.isThere ? "" : "CREATE SCHEMA tradelatch;";
  await session.run(`${schema}
    CREATE TABLE IF NOT EXISTS tradelatch.migrations (
      version integer PRIMARY KEY,
      made_at timestamptz NOT NULL DEFAULT now()
    )`);
}
