/**
 * One transaction for all jobs that wait, in two round trips: the lock on the log's head and all
 * that the jobs will ask go out together, and so do what they write and the commit. A job that asks
 * for something that nobody foresaw is taken back, and runs again once that is loaded.
 *
 * What some jobs write goes out while the next ones are decided: the server is at work meanwhile.
 */
import { LatchError } from "../../core/errors.ts";
import type { Rows } from "../rows.ts";
import type { Subject } from "../transacted-ledger.ts";
import type { Session } from "./dedicated-connection.ts";
import { foreseenQuestions } from "./foreseen-questions.ts";
import type { RowValues } from "./joined-columns.ts";
import { type EventMark, requireEvent } from "./known-event.ts";
import { type Ask, loadRows, type Row } from "./load-rows.ts";
import { type HeadRow, headOf, type LogHead } from "./log-head.ts";
import { refuseUnsafe, type SyncSettings } from "./open-database.ts";
import type { Question } from "./question.ts";
import { refuseNewer } from "./schema-version.ts";
import { NotLoaded, SnapshotRows } from "./snapshot-rows.ts";
import { isStoreFailure } from "./store-errors.ts";
import { markOf, moveHead, type Statement, writeStatements } from "./write-statements.ts";

export interface Job {
  /** Whether its commit has to be on disk when it is answered. */
  readonly durable: boolean;
  readonly subject: Subject;
  readonly run: (rows: Rows) => unknown;
}

export type Ended = { readonly value: unknown } | { readonly error: unknown };

export interface BatchResult {
  /** What became of each job, in their order. */
  readonly ended: readonly Ended[];
  /** The last event that is known to be on disk; undefined where that is not known of any. */
  readonly synced: EventMark | undefined;
}

/** A transaction whose commit was said, and what it comes to if that was carried out. */
export interface Committing {
  readonly result: BatchResult;
  readonly isWritten: boolean;
  /** The rows of the events that it has written. */
  readonly events: readonly RowValues[];
}

/** So many jobs are decided before what they write goes out. */
const PORTION = 32;
const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
const SETTINGS: Readonly<Record<string, string>> = {
  lock_timeout: "3s",
  statement_timeout: "4s",
  // A sidecar that is stopped in the midst of a transaction keeps the others waiting for so long.
  idle_in_transaction_session_timeout: "2s",
  // A server that has not counted the rows of a new table yet would rather read every claim of an
  // agent than go by the index that has the few it asks for. All that a transaction asks has its
  // index, so every other way is closed, and one plan serves whatever is asked.
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_sort: "off",
  plan_cache_mode: "force_generic_plan",
  jit: "off",
};
/**
 * For this transaction; as a question, since the server keeps how one is understood. What the
 * server itself is set to may change while we are connected, or with another that takes over. A
 * role may have a timeout for whole transactions, from version 17 on: each wait has one of ours.
 */
const SET_ALL = `SELECT ${Object.entries(SETTINGS)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(", ")},
  CASE WHEN current_setting('transaction_timeout', true) <> '0'
    THEN set_config('transaction_timeout', '0', true) END,
  current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages`;
const LOCK_HEAD = `SELECT sequence, hashes, at, claims, incidents, schema_version
  FROM tradelatch.head WHERE id = 1 FOR UPDATE`;

/**
 * All that the jobs write, or nothing of it; a store's failure ends them all, and so does a log
 * without the event that is `known`. `onCommitting` is told right before the commit is said: from
 * then on a failure may come behind it.
 */
export async function runBatch(
  session: Session,
  jobs: readonly Job[],
  known?: EventMark,
  onCommitting: (committing: Committing) => void = () => undefined,
): Promise<BatchResult> {
  const rows = new SnapshotRows();
  const ask: Ask = (text, parameters) => session.ask<Row>(text, parameters);
  await begin(session, rows, jobs, ask, known);
  const sent: Promise<unknown>[] = [];
  const send = ({ text, parameters }: Statement) => {
    const answer = session.ask(text, parameters);
    // It is listened to at the end.
    answer.catch(() => undefined);
    sent.push(answer);
  };
  const events: RowValues[] = [];
  const sendChanges = () => {
    const changes = rows.takeChanges();
    events.push(...changes.events);
    writeStatements(changes).forEach(send);
  };
  const ended: Ended[] = [];
  try {
    for (const [index, job] of jobs.entries()) {
      if (index > 0 && index % PORTION === 0) {
        sendChanges();
        // What was said leaves the process before the next job takes the time.
        await new Promise((resolve) => setImmediate(resolve));
      }
      ended.push(await endOf(job, rows, ask));
    }
  } catch (error) {
    // After a row that the server did not take it refuses every question, too.
    await together(sent);
    throw error;
  }
  sendChanges();
  const isSynced = jobs.some(({ durable }) => durable);
  const isWritten = sent.length > 0;
  if (isWritten) send(moveHead(rows.end, isSynced));
  const last = events.at(-1);
  const result = { ended, synced: isSynced && last !== undefined ? markOf(last) : undefined };
  onCommitting({ result, isWritten, events });
  await together([...sent, session.run("COMMIT")]);
  return result;
}

/**
 * Nobody waits in it longer than it may take. Throws LatchError `store_unsafe` on a server that
 * does not keep what it commits.
 */
export async function beginTransaction(session: Session): Promise<void> {
  const [, [settings]] = await together([
    session.run(BEGIN),
    session.ask<SyncSettings>(SET_ALL, []),
  ] as const);
  if (settings !== undefined) refuseUnsafe(settings, session.place);
}

async function begin(
  session: Session,
  rows: SnapshotRows,
  jobs: readonly Job[],
  ask: Ask,
  known: EventMark | undefined,
): Promise<void> {
  const questions = jobs.flatMap(({ subject }) => foreseenQuestions(subject));
  const [, head] = await together([
    beginTransaction(session),
    headKnown(session),
    requireEvent(session, known),
    loadRows(ask, rows, questions),
  ] as const);
  rows.loadHead(head);
}

/** The head, which nobody else moves from here on, of a schema that this program knows. */
export async function headKnown(session: Session): Promise<LogHead> {
  const [head] = await session.ask<HeadRow>(LOCK_HEAD, []);
  if (head === undefined) throw new LatchError("store_corrupt", "the log has no head");
  refuseNewer(head.schema_version, session.place);
  return headOf(head);
}

async function endOf({ run }: Job, rows: SnapshotRows, ask: Ask): Promise<Ended> {
  try {
    const load = (question: Question) => loadRows(ask, rows, [question]);
    return { value: await untilLoaded(() => rows.transaction(run), load) };
  } catch (error) {
    if (isStoreFailure(error)) throw error;
    return { error };
  }
}

/** Runs `job` until everything that it asks for is loaded; what it wrote before is taken back. */
export async function untilLoaded<Value>(
  job: () => Value,
  load: (question: Question) => Promise<void>,
): Promise<Value> {
  for (;;) {
    try {
      return job();
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      await load(error.question);
    }
  }
}

/** All of them, or the first failure once all have ended: none is left without a listener. */
export async function together<const Work extends readonly Promise<unknown>[]>(
  work: Work,
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return Promise.all(work) as never;
}
