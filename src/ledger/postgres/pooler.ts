/**
 * A pooler in front of the server, such as PgBouncer. Where it pools transactions it hands each to
 * whichever of its connections is free: what was told one of them outside of a transaction is not
 * known to the next. Of that kind we have two things, and all else that we set or lock ends with
 * its transaction.
 *
 * 1. What a connection has prepared. A pooler may keep that for us; one that does not is refused,
 *    because a statement that is forgotten costs an order, now and then.
 * 2. Who is connected, by the server's own list: one connection there may serve several of us, or
 *    us and nobody else. So whoever has to be alone on a ledger does not go through it.
 */
import { LatchError } from "../../core/errors.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Session } from "./dedicated-connection.ts";

const WHO_ANSWERS = "SELECT pg_backend_pid() AS pid";
const IS_KNOWN = "SELECT count(*) AS count FROM pg_prepared_statements WHERE name = $1";

/**
 * Whether transactions of one connection of ours are on several of the server's. Throws LatchError
 * `store_refused` where they are and what was prepared is forgotten.
 *
 * One of ours is asked twice, since a pooler may take turns, and then another, to which it may give
 * the connection that was given back last. Who else is busy there may hide it: then it shows later,
 * by an order that is refused, and not sent.
 */
export async function isPooledByTransaction(pool: ConnectionPool): Promise<boolean> {
  return pool.reserved(async (session) => {
    const first = await answering(session);
    if (first === session.processId) return false;
    const own = new Set([first, await answering(session)]);
    const others = await pool.apart(answering);
    const isPooled = own.size > 1 || own.has(others);
    if (isPooled) await refuseForgetful(session);
    return isPooled;
  });
}

/** A pooler that keeps what its clients prepare has to give it names of its own. */
async function refuseForgetful(session: Session): Promise<void> {
  await session.run("BEGIN");
  const name = await session.preparedAs(IS_KNOWN, [""]);
  const [known] = await session.ask<{ count: number }>(IS_KNOWN, [name]);
  await session.run("COMMIT");
  if (known?.count === 0) return;
  throw new LatchError(
    "store_refused",
    `the pooler at ${session.place} hands each transaction to another connection, and forgets ` +
      "what was prepared: let it keep that (PgBouncer 1.21 or later: max_prepared_statements " +
      "above 0), or pool sessions, or name the server itself",
  );
}

async function answering(session: Session): Promise<number | undefined> {
  const [row] = await session.ask<{ pid: number }>(WHO_ANSWERS, []);
  return row?.pid;
}

/** Throws LatchError `store_refused` where nobody can tell who else has the ledger open. */
export function refuseHidden(isPooled: boolean, place: string): void {
  if (!isPooled) return;
  const message =
    `the pooler at ${place} hides who has the ledger open, and it has to be closed for this: ` +
    "name the server itself";
  throw new LatchError("store_refused", message);
}
