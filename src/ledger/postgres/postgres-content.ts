/**
 * The whole content of a ledger on a server, to be copied.
 *
 * 1. It is read in one transaction, of one moment, that holds the log's head: no sidecar decides
 *    anything meanwhile. A database that another process of ours is connected to is not read, nor
 *    one whose pooler hides that.
 * 2. It is written in one transaction, which makes the schema too: a database is as it was unless
 *    that is committed.
 */
import type { Clock } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import type { ContentReader, ContentWriter } from "../ledger-content.ts";
import { ConnectionPool } from "./connection-pool.ts";
import type { Session } from "./dedicated-connection.ts";
import {
  KEEP_SYNC,
  migrateWithin,
  refuseMissing,
  refuseShared,
  refuseUnsound,
  WITHOUT_TIMEOUTS,
} from "./open-database.ts";
import { isPooledByTransaction, refuseHidden } from "./pooler.ts";
import { PostgresContent } from "./session-content.ts";
import { storeError } from "./store-errors.ts";

const BEGIN = (isolation: string) => `BEGIN ISOLATION LEVEL ${isolation} READ WRITE;
  ${WITHOUT_TIMEOUTS};
  SET LOCAL lock_timeout = '3s'`;
const LOCK_HEAD = "SELECT id FROM tradelatch.head WHERE id = 1";

/** Throws LatchError `store_missing`, `store_in_use` or another `store_*`. */
export function readPostgresContent<Value>(
  url: string,
  clock: Clock,
  work: (source: ContentReader) => Promise<Value>,
): Promise<Value> {
  const refuse = async (pool: ConnectionPool) =>
    refuseHidden(await isPooledByTransaction(pool), pool.place);
  return onConnection(url, clock, refuse, async (session) => {
    await refuseUnsound(session);
    await session.run(BEGIN("REPEATABLE READ"));
    await refuseMissing(session);
    await migrateWithin(session);
    await session.ask(`${LOCK_HEAD} FOR SHARE`, []);
    await refuseShared(session);
    const value = await work(new PostgresContent(session));
    await session.run("ROLLBACK");
    return value;
  });
}

/** Throws LatchError `store_not_empty` where there are any rows, or another `store_*`. */
export function writePostgresContent<Value>(
  url: string,
  clock: Clock,
  work: (target: ContentWriter) => Promise<Value>,
): Promise<Value> {
  return onConnection(url, clock, isPooledByTransaction, async (session) => {
    await refuseUnsound(session);
    await session.run(BEGIN("READ COMMITTED"));
    await migrateWithin(session);
    await session.ask(`${LOCK_HEAD} FOR UPDATE`, []);
    const content = new PostgresContent(session);
    const counts = Object.values(await content.counts());
    if (counts.some((count) => count > 0)) {
      throw new LatchError("store_not_empty", `there is a ledger in ${session.place} already`);
    }
    const value = await work(content);
    await session.run(KEEP_SYNC);
    await committed(session);
    return value;
  });
}

async function committed(session: Session): Promise<void> {
  try {
    await session.run("COMMIT");
  } catch (error) {
    const message =
      "the server was lost at the commit, and it is not known whether all of it is in " +
      `${session.place} or nothing; copy again: a ledger that is there is refused`;
    throw new LatchError("store_unreachable", message, { cause: error });
  }
}

/** `refuse` comes first: it may ask on more than one connection. */
async function onConnection<Value>(
  url: string,
  clock: Clock,
  refuse: (pool: ConnectionPool) => Promise<unknown>,
  work: (session: Session) => Promise<Value>,
): Promise<Value> {
  const pool = new ConnectionPool(url, clock);
  try {
    await refuse(pool);
    return await pool.alone(work);
  } catch (error) {
    throw storeError(error, pool.place);
  } finally {
    await pool.close();
  }
}
