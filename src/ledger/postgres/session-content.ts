/** The content of a ledger in the transaction of one session: rows in, domain values out. */
import type { Book } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import type { AccountId } from "../../core/ids.ts";
import type { Incident } from "../../incident/incident.ts";
import { accountOf } from "../event-chain.ts";
import type { EventRow } from "../event-row.ts";
import type { KeptCheckpoint } from "../ledger.ts";
import type {
  AdoptedAccount,
  ContentBatch,
  ContentCounts,
  ContentWriter,
  KnownLogin,
} from "../ledger-content.ts";
import type { Changes } from "./changes.ts";
import type { Session } from "./dedicated-connection.ts";
import { EVENT_PAGE, eventOf } from "./event-page.ts";
import { parsed } from "./json-column.ts";
import { EMPTY_HEAD, type LogHead } from "./log-head.ts";
import { columnValue, fromColumn } from "./text-column.ts";
import { eventRow, moveHead, writeStatements } from "./write-statements.ts";

interface BodyRow {
  readonly id: number;
  readonly body: string;
}

const COUNTS = `SELECT (SELECT count(*) FROM tradelatch.accounts) AS accounts,
  (SELECT count(*) FROM tradelatch.logins) AS logins,
  (SELECT count(*) FROM tradelatch.events) AS events,
  (SELECT count(*) FROM tradelatch.claims) AS claims,
  (SELECT count(*) FROM tradelatch.guard_claims) AS "guardClaims",
  (SELECT count(*) FROM tradelatch.books) AS books,
  (SELECT count(*) FROM tradelatch.incidents) AS incidents,
  (SELECT count(*) FROM tradelatch.checkpoints) AS checkpoints`;
const SAVE_LOGIN = "INSERT INTO tradelatch.logins (login, account) VALUES ($1, $2)";
const CHECKPOINT_PAGE = `SELECT sequence, at, text FROM tradelatch.checkpoints
  WHERE sequence > $1 ORDER BY sequence LIMIT $2`;
const KEEP_CHECKPOINT =
  "INSERT INTO tradelatch.checkpoints (sequence, at, text) VALUES ($1, $2, $3)";
const NOTHING: Changes = {
  events: [],
  newClaims: [],
  changedClaims: [],
  guards: [],
  books: [],
  incidents: [],
  adopted: [],
};

export class PostgresContent implements ContentWriter {
  readonly place: string;
  readonly #session: Session;
  #head: LogHead = EMPTY_HEAD;

  constructor(session: Session) {
    this.#session = session;
    this.place = session.place;
  }

  async counts(): Promise<ContentCounts> {
    const [counts] = await this.#session.ask<ContentCounts>(COUNTS, []);
    return { ...(counts as ContentCounts) };
  }

  async events(after: number, limit: number) {
    const rows = await this.#session.ask<EventRow>(EVENT_PAGE, [
      ...[after, Number.MAX_SAFE_INTEGER, limit],
    ]);
    return rows.map(eventOf);
  }

  async claims(after: number, limit: number) {
    const rows = await this.#page("claims", after, limit);
    return rows.map(({ id, body }) => ({ id, claim: parsed<Claim>(body) }));
  }

  async guardClaims(after: number, limit: number) {
    const rows = await this.#page("guard_claims", after, limit);
    return rows.map(({ id, body }) => ({ id, claim: parsed<GuardClaim>(body) }));
  }

  async incidents(after: number, limit: number) {
    const rows = await this.#page("incidents", after, limit);
    return rows.map(({ body }) => parsed<Incident>(body));
  }

  async checkpoints(after: number, limit: number) {
    const rows = await this.#session.ask<KeptCheckpoint>(CHECKPOINT_PAGE, [after, limit]);
    return rows.map((row) => ({ ...row, text: fromColumn(row.text) }));
  }

  async books() {
    const rows = await this.#session.ask<BodyRow>("SELECT body FROM tradelatch.books", []);
    return rows.map(({ body }) => parsed<Book>(body));
  }

  async accounts() {
    const sql = "SELECT account, adopted_at AS at FROM tradelatch.accounts";
    const rows = await this.#session.ask<AdoptedAccount>(sql, []);
    return rows.map(({ account, at }) => ({ account: fromColumn(account) as AccountId, at }));
  }

  async logins() {
    const sql = "SELECT login, account FROM tradelatch.logins";
    const rows = await this.#session.ask<KnownLogin>(sql, []);
    return rows.map(({ login, account }) => {
      return { login: fromColumn(login), account: fromColumn(account) as AccountId };
    });
  }

  async write(batch: ContentBatch): Promise<void> {
    switch (batch.kind) {
      case "accounts":
        return this.#save({ adopted: batch.values });
      case "logins":
        for (const { login, account } of batch.values) {
          await this.#session.ask(SAVE_LOGIN, [columnValue(login), columnValue(account)]);
        }
        return;
      case "events": {
        const { sequence, at } = batch.values.at(-1) ?? this.#head;
        const hashes = new Map(this.#head.hashes);
        for (const event of batch.values) hashes.set(accountOf(event), event.hash);
        return this.#save({ events: batch.values.map(eventRow) }, { sequence, hashes, at });
      }
      case "claims": {
        const before = this.#head.claims;
        const claims = batch.values.map((claim, index) => ({ id: before + index + 1, claim }));
        return this.#save({ newClaims: claims }, { claims: before + claims.length });
      }
      case "guardClaims":
        return this.#save({ guards: batch.values });
      case "books":
        return this.#save({ books: batch.values });
      case "incidents": {
        const last = batch.values.at(-1)?.id ?? this.#head.incidents;
        return this.#save({ incidents: batch.values }, { incidents: last });
      }
      case "checkpoints":
        for (const { sequence, at, text } of batch.values) {
          await this.#session.ask(KEEP_CHECKPOINT, [sequence, at, columnValue(text)]);
        }
        return;
    }
  }

  /** `values`, and where the log has come to with them. */
  async #save(values: Partial<Changes>, head: Partial<LogHead> = {}): Promise<void> {
    this.#head = { ...this.#head, ...head };
    const statements = [...writeStatements({ ...NOTHING, ...values }), moveHead(this.#head, true)];
    const saved = statements.map(({ text, parameters }) => this.#session.ask(text, parameters));
    await Promise.all(saved);
  }

  #page(table: "claims" | "guard_claims" | "incidents", after: number, limit: number) {
    const sql = `SELECT id, body FROM tradelatch.${table} WHERE id > $1 ORDER BY id LIMIT $2`;
    return this.#session.ask<BodyRow>(sql, [after, limit]);
  }
}
