/** What a transaction has changed, as statements that go out together. */
import { endedShortAt, wasFilled } from "../../claim/claim.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import { accountOf, bodyTextOf } from "../event-chain.ts";
import type { StoredEvent } from "../ledger.ts";
import type { NumberedClaim } from "../ledger-content.ts";
import type { Changes } from "./changes.ts";
import type { Parameter } from "./dedicated-connection.ts";
import { type JoinedColumns, joinedColumns, type RowValues } from "./joined-columns.ts";
import type { EventMark } from "./known-event.ts";
import { headValues, type LogHead } from "./log-head.ts";
import { columnValue } from "./text-column.ts";

export interface Statement {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

interface Write {
  readonly columns: JoinedColumns;
  readonly text: string;
}

const EVENTS = joinedColumns(
  `sequence bigint, at bigint, subject text, account text, agent text, request_id text,
   symbol text, body text, previous_hash text, hash text`,
  "r",
);
const INSERT_EVENTS = insertInto("events", EVENTS);

const CLAIMS = joinedColumns(
  `id bigint, account text, agent text, request_id text, fingerprint text, episode bigint,
   status text, filled boolean, untold boolean, ended_short_at bigint, broker_order_id text,
   claimed_at bigint, symbol text, body text`,
  "r",
);
const INSERT_CLAIMS = insertInto("claims", CLAIMS);

const CHANGED_CLAIMS = joinedColumns(
  `id bigint, episode bigint, status text, filled boolean, untold boolean, ended_short_at bigint,
   broker_order_id text, body text`,
  "r",
);
const UPDATE_CLAIMS: Write = {
  columns: CHANGED_CLAIMS,
  text: `UPDATE tradelatch.claims AS c SET
      episode = r.episode, status = r.status, filled = r.filled, untold = r.untold,
      ended_short_at = r.ended_short_at, broker_order_id = r.broker_order_id, body = r.body
    FROM ${CHANGED_CLAIMS.table} WHERE c.id = r.id`,
};

/** New ones are numbered in their order. */
const SAVE_GUARDS = insertInto(
  "guard_claims",
  joinedColumns("account text, agent text, request_id text, settled boolean, body text", "r"),
  `ON CONFLICT (account, agent, request_id) DO UPDATE SET
    settled = excluded.settled, body = excluded.body`,
);

const SAVE_BOOKS = insertInto(
  "books",
  joinedColumns("account text, symbol text, episode bigint, body text", "r"),
  "ON CONFLICT (account, symbol) DO UPDATE SET episode = excluded.episode, body = excluded.body",
);

const SAVE_INCIDENTS = insertInto(
  "incidents",
  joinedColumns(
    "id bigint, account text, symbol text, subject text, is_open boolean, body text",
    "r",
  ),
  "ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body",
);

const ADOPT_ACCOUNTS = insertInto(
  "accounts",
  joinedColumns("account text, adopted_at bigint", "r"),
);

const MOVE_HEAD = `UPDATE tradelatch.head SET
    sequence = $1, hashes = $2, at = $3, claims = $4, incidents = $5
  WHERE id = 1`;
/**
 * With it goes how the transaction is committed: a server's default may be another, and may change
 * while we are connected. What waits for replicas as well stays as it is.
 */
const MOVE_HEAD_SYNCED = `${MOVE_HEAD} RETURNING
  CASE WHEN current_setting('synchronous_commit') = 'off'
    THEN set_config('synchronous_commit', 'on', true) END`;
const MOVE_HEAD_UNSYNCED = `${MOVE_HEAD} RETURNING set_config('synchronous_commit', 'off', true)`;

/** In an order that keeps every constraint. */
export function writeStatements(changes: Changes): readonly Statement[] {
  const { events, newClaims, changedClaims, guards, books, incidents, adopted } = changes;
  return [
    ...written(INSERT_EVENTS, events),
    ...written(INSERT_CLAIMS, newClaims.map(claimRow)),
    ...written(UPDATE_CLAIMS, changedClaims.map(changedClaimRow)),
    ...written(SAVE_GUARDS, guards.map(guardRow)),
    ...written(
      SAVE_BOOKS,
      books.map((book) => [
        ...[columnValue(book.account), columnValue(book.symbol), book.episode],
        JSON.stringify(book),
      ]),
    ),
    ...written(
      SAVE_INCIDENTS,
      incidents.map((incident) => [
        ...[incident.id, columnValue(incident.account), columnValue(incident.symbol)],
        ...[columnValue(incident.subject), incident.resolution === null],
        JSON.stringify(incident),
      ]),
    ),
    ...written(
      ADOPT_ACCOUNTS,
      adopted.map(({ account, at }) => [columnValue(account), at]),
    ),
  ];
}

/** The last statement; `isSynced`: whether the commit has to be on disk when it is answered. */
export function moveHead(head: LogHead, isSynced: boolean): Statement {
  const text = isSynced ? MOVE_HEAD_SYNCED : MOVE_HEAD_UNSYNCED;
  return { text, parameters: headValues(head) };
}

/** An event's row, made while the text of its body is at hand. */
export function eventRow(event: StoredEvent): RowValues {
  const { sequence, at, subject, symbol, previousHash, hash } = event;
  const key = event.subject === "book" ? undefined : event.key;
  return [
    sequence,
    at,
    subject,
    columnValue(accountOf(event)),
    columnValue(key?.agent ?? null),
    columnValue(key?.requestId ?? null),
    columnValue(symbol),
    bodyTextOf(event),
    previousHash,
    hash,
  ];
}

export function markOf(row: RowValues): EventMark {
  return { sequence: Number(row[0]), hash: String(row.at(-1)) };
}

function insertInto(table: string, columns: JoinedColumns, otherwise = ""): Write {
  const { names } = columns;
  const text = `INSERT INTO tradelatch.${table} (${names})
    SELECT ${names} FROM ${columns.table} ${otherwise}`;
  return { columns, text };
}

function written({ text, columns }: Write, rows: readonly RowValues[]): readonly Statement[] {
  return rows.length === 0 ? [] : [{ text, parameters: columns.parametersOf(rows) }];
}

function guardRow(claim: GuardClaim): RowValues {
  const { account, agent, requestId } = claim.key;
  return [
    ...[columnValue(account), columnValue(agent), columnValue(requestId)],
    ...[claim.status === "SETTLED", JSON.stringify(claim)],
  ];
}

function claimRow({ id, claim }: NumberedClaim): RowValues {
  const { key, fingerprint, episode, status, brokerOrderId, claimedAt, intent } = claim;
  return [
    id,
    columnValue(key.account),
    columnValue(key.agent),
    columnValue(key.requestId),
    columnValue(fingerprint),
    episode,
    status,
    wasFilled(claim),
    claim.told !== "certain",
    endedShortAt(claim),
    columnValue(brokerOrderId),
    claimedAt,
    columnValue(intent.symbol),
    JSON.stringify(claim),
  ];
}

function changedClaimRow({ id, claim }: NumberedClaim): RowValues {
  const { episode, status, brokerOrderId } = claim;
  return [
    id,
    episode,
    status,
    wasFilled(claim),
    claim.told !== "certain",
    endedShortAt(claim),
    columnValue(brokerOrderId),
    JSON.stringify(claim),
  ];
}
