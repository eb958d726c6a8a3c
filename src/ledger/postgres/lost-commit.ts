/**
 * What became of a transaction whose commit was said and never answered.
 *
 * 1. It held the log's head. Whoever gets that lock now knows that it is over, either way.
 * 2. It was carried out where its own events are in the log: their hashes cover who claims, when,
 *    and all that was in the log before.
 * 3. That it is on disk, and at the replicas that are waited for, says a synced commit behind it.
 *
 * So what it has decided is as true as if the answer had come late: whoever was to proceed may, if
 * the claim still stands as it did, which is looked at right before anything is sent (I3).
 */
import { beginTransaction, type Committing, headKnown, together } from "./batch.ts";
import type { Session } from "./dedicated-connection.ts";
import { joinedColumns } from "./joined-columns.ts";
import { KEEP_SYNC } from "./open-database.ts";
import { markSync } from "./sync-mark.ts";
import { markOf } from "./write-statements.ts";

const MARKS = joinedColumns("sequence bigint, hash text", "r");
const COUNT_FOUND = `SELECT count(*) AS found FROM ${MARKS.table}
  JOIN tradelatch.events e ON e.sequence = r.sequence AND e.hash = r.hash`;

/** Whether all that it has written is in the log, and on disk. */
export async function isCarriedOut(
  session: Session,
  { isWritten, events }: Committing,
): Promise<boolean> {
  if (!isWritten) return true;
  const marks = events.map(markOf).map(({ sequence, hash }) => [sequence, hash]);
  const [, , [count]] = await together([
    beginTransaction(session),
    headKnown(session),
    session.ask<{ found: number }>(COUNT_FOUND, MARKS.parametersOf(marks)),
  ] as const);
  const isThere = events.length > 0 && count?.found === events.length;
  if (!isThere) {
    await session.run("ROLLBACK");
    return false;
  }
  await together([
    session.run(KEEP_SYNC),
    markSync(session, Number(events.at(-1)?.[0])),
    session.run("COMMIT"),
  ]);
  return true;
}
