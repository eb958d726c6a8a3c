/** What a transaction has changed, as statements that go out together. */
import { wasFilled } from "../../claim/claim.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import { accountOf, bodyTextOf } from "../event-chain.ts";
import type { StoredEvent } from "../ledger.ts";
import type { NumberedClaim } from "../ledger-content.ts";
import { headRow } from "./log-head.ts";
import type { Changes } from "./snapshot-rows.ts";
import { columnValue, needsEscape } from "./text-column.ts";

export interface Statement {
  readonly text: string;
  /** Its rows, as one JSON text. */
  readonly parameter: string;
}

const rowsOf = (columns: string) => `jsonb_to_recordset($1::text::jsonb) AS r (${columns})`;

const INSERT_EVENTS = `INSERT INTO tradelatch.events
  SELECT * FROM ${rowsOf(
    `sequence bigint, at bigint, subject text, account text, agent text, request_id text,
     symbol text, body text, previous_hash text, hash text`,
  )} ORDER BY sequence`;

const SAVE_CLAIMS = `INSERT INTO tradelatch.claims
  SELECT * FROM ${rowsOf(
    `id bigint, account text, agent text, request_id text, fingerprint text, episode bigint,
     status text, filled boolean, broker_order_id text, claimed_at bigint, symbol text, body text`,
  )}
  ON CONFLICT (id) DO UPDATE SET
    episode = excluded.episode, status = excluded.status, filled = excluded.filled,
    broker_order_id = excluded.broker_order_id, body = excluded.body`;

/** New ones are numbered in their order. */
const SAVE_GUARDS = `INSERT INTO tradelatch.guard_claims
    (account, agent, request_id, settled, body)
  SELECT account, agent, request_id, settled, body
  FROM ${rowsOf("n integer, account text, agent text, request_id text, settled boolean, body text")}
  ORDER BY n
  ON CONFLICT (account, agent, request_id) DO UPDATE SET
    settled = excluded.settled, body = excluded.body`;

const SAVE_BOOKS = `INSERT INTO tradelatch.books
  SELECT * FROM ${rowsOf("account text, symbol text, episode bigint, body text")}
  ON CONFLICT (account, symbol) DO UPDATE SET episode = excluded.episode, body = excluded.body`;

const SAVE_INCIDENTS = `INSERT INTO tradelatch.incidents
  SELECT * FROM ${rowsOf(
    "id bigint, account text, symbol text, subject text, is_open boolean, body text",
  )}
  ON CONFLICT (id) DO UPDATE SET is_open = excluded.is_open, body = excluded.body`;

const ADOPT_ACCOUNTS = `INSERT INTO tradelatch.accounts
  SELECT * FROM ${rowsOf("account text, adopted_at bigint")}`;

const MOVE_HEAD = `UPDATE tradelatch.head SET sequence = r.sequence, hashes = r.hashes, at = r.at,
    claims = r.claims, incidents = r.incidents
  FROM ${rowsOf("sequence bigint, hashes text, at bigint, claims bigint, incidents bigint")}`;

/** In an order that keeps every constraint. */
export function writeStatements(changes: Changes): readonly Statement[] {
  const { head, events, claims, guards, books, incidents, adopted } = changes;
  return [
    ...statement(INSERT_EVENTS, events.map(eventRow)),
    ...statement(SAVE_CLAIMS, claims.map(claimRow)),
    ...statement(SAVE_GUARDS, guards.map(guardRow)),
    ...statement(
      SAVE_BOOKS,
      books.map((book) => ({
        ...{ account: book.account, symbol: book.symbol, episode: book.episode },
        body: JSON.stringify(book),
      })),
    ),
    ...statement(
      SAVE_INCIDENTS,
      incidents.map((incident) => ({
        ...{ id: incident.id, account: incident.account, symbol: incident.symbol },
        ...{ subject: incident.subject, is_open: incident.resolution === null },
        body: JSON.stringify(incident),
      })),
    ),
    ...statement(
      ADOPT_ACCOUNTS,
      adopted.map(({ account, at }) => ({ account, adopted_at: at })),
    ),
    ...statement(MOVE_HEAD, [headRow(head)]),
  ];
}

function statement(text: string, rows: readonly object[]): readonly Statement[] {
  return rows.length === 0 ? [] : [{ text, parameter: JSON.stringify(rows.map(asColumns)) }];
}

/** Bodies are JSON, which has no such characters. */
function asColumns(row: object): object {
  const isPlain = ([name, value]: [string, unknown]) => name === "body" || !needsEscape(value);
  const columns = Object.entries(row);
  if (columns.every(isPlain)) return row;
  return Object.fromEntries(
    columns.map(([name, value]) => [name, name === "body" ? value : columnValue(value)]),
  );
}

function eventRow(event: StoredEvent) {
  const { sequence, at, subject, symbol, previousHash, hash } = event;
  const key = event.subject === "book" ? undefined : event.key;
  return {
    ...{ sequence, at, subject, symbol, hash, previous_hash: previousHash },
    account: accountOf(event),
    agent: key?.agent ?? null,
    request_id: key?.requestId ?? null,
    body: bodyTextOf(event),
  };
}

function guardRow(claim: GuardClaim, n: number) {
  const { account, agent, requestId } = claim.key;
  const settled = claim.status === "SETTLED";
  return { n, account, agent, request_id: requestId, settled, body: JSON.stringify(claim) };
}

function claimRow({ id, claim }: NumberedClaim) {
  const { key, fingerprint, episode, status, brokerOrderId, claimedAt, intent } = claim;
  return {
    ...{ id, account: key.account, agent: key.agent, request_id: key.requestId },
    ...{ fingerprint, episode, status, filled: wasFilled(claim) },
    ...{ broker_order_id: brokerOrderId, claimed_at: claimedAt, symbol: intent.symbol },
    body: JSON.stringify(claim),
  };
}
