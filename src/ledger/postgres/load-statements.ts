/**
 * The statement of each kind of question. Each takes all questions of its kind at once, so that
 * however many jobs share a transaction, it asks at most once for every kind.
 */
import { MOVES } from "../../claim/claim-event.ts";
import { CAUSES_LOOKBACK, CAUSES_MAX, EQUALS_MAX, MOVES_LOOKAHEAD } from "../rows.ts";
import { typeText } from "./event-scan.ts";
import { type JoinedColumns, joinedColumns } from "./joined-columns.ts";
import { LIVES_NOW, type QuestionKind } from "./question.ts";

/** Word for word the condition of the partial index, or it would not serve. */
const IS_LIVE = "status IN ('OPEN', 'RESOLVED', 'IN_RECONCILIATION')";

const equal = (condition: string, limit: number) =>
  `(SELECT id, body FROM tradelatch.claims
     WHERE account = q.account AND agent = q.agent AND fingerprint = q.fingerprint
       AND ${condition} ORDER BY id DESC LIMIT ${limit})`;

/** Each look ends early, however many equal claims came before. */
const equals = (episodes: readonly string[]) =>
  [
    equal(IS_LIVE, EQUALS_MAX),
    ...episodes.map((episode) => equal(`episode = ${episode} AND filled`, EQUALS_MAX)),
    ...episodes.map((episode) => equal(`episode = ${episode}`, 1)),
  ].join("\n   UNION ALL\n   ");

/** Of any episode: there are few of them, and none that ended long ago unless nobody asked. */
const UNANSWERED = [equal(IS_LIVE, EQUALS_MAX), equal("filled AND untold", EQUALS_MAX)].join(
  "\n   UNION ALL\n   ",
);
const ONE_EPISODE = equals(["q.episode"]);
const EPISODES_NOW = equals(LIVES_NOW.map((apart) => `coalesce(b.episode, 0) + ${apart}`));

/** Finds every one, and may find others too. */
const MAY_MOVE = [...MOVES].map((type) => `strpos(body, '${typeText(type)}') > 0`).join(" OR ");

export interface LoadStatement {
  readonly text: string;
  readonly columns: JoinedColumns;
}

/**
 * A claim is found by its request id alone, and its account and agent are compared: where these
 * could serve as well, a server that knows nothing of the table reads every claim of the account.
 */
export const LOAD_STATEMENTS: Readonly<Record<QuestionKind, LoadStatement>> = {
  claim: asking(
    "agent text, request_id text, subject text",
    (asked) => `SELECT q.n, c.id, c.body, b.body AS book, i.body AS incident FROM ${asked}
      JOIN tradelatch.claims c
        ON c.request_id = q.request_id AND c.account || '' = q.account AND c.agent || '' = q.agent
      LEFT JOIN tradelatch.books b ON b.account = c.account AND b.symbol = c.symbol
      LEFT JOIN tradelatch.incidents i
        ON i.account = q.account AND i.subject = q.subject AND i.is_open`,
  ),
  guard: asking(
    "agent text, request_id text",
    (asked) => `SELECT q.n, g.body FROM ${asked}
      JOIN tradelatch.guard_claims g
        ON g.account = q.account AND g.agent = q.agent AND g.request_id = q.request_id`,
  ),
  equals: asking(
    "agent text, fingerprint text, episode bigint",
    (asked) => `SELECT q.n, c.id, c.body FROM ${asked} CROSS JOIN LATERAL (${ONE_EPISODE}) c`,
  ),
  equals_now: asking(
    "agent text, fingerprint text, symbol text",
    (asked) => `SELECT q.n, coalesce(b.episode, 0) AS episode, c.id, c.body FROM ${asked}
      LEFT JOIN tradelatch.books b ON b.account = q.account AND b.symbol = q.symbol
      LEFT JOIN LATERAL (${EPISODES_NOW}) c ON true`,
  ),
  unanswered: asking(
    "agent text, fingerprint text",
    (asked) => `SELECT q.n, c.id, c.body FROM ${asked} CROSS JOIN LATERAL (${UNANSWERED}) c`,
  ),
  holder: asking(
    "broker_order_id text",
    (asked) => `SELECT q.n, c.id, c.body FROM ${asked}
      JOIN tradelatch.claims c
        ON c.account = q.account AND c.broker_order_id = q.broker_order_id`,
  ),
  unsettled: asking(
    "",
    (asked) => `SELECT q.n, c.id, c.body FROM ${asked}
      JOIN tradelatch.claims c ON c.account = q.account AND c.status <> 'SETTLED'`,
  ),
  book: asking(
    "symbol text",
    (asked) => `SELECT q.n, b.body AS book, i.body AS incident FROM ${asked}
      LEFT JOIN tradelatch.books b ON b.account = q.account AND b.symbol = q.symbol
      LEFT JOIN tradelatch.incidents i
        ON i.account = q.account AND i.symbol = q.symbol AND i.is_open`,
  ),
  incident: asking(
    "id bigint",
    (asked) => `SELECT q.n, i.body FROM ${asked}
      JOIN tradelatch.incidents i ON i.account = q.account AND i.id = q.id`,
  ),
  open_incident: asking(
    "subject text",
    (asked) => `SELECT q.n, i.body FROM ${asked}
      JOIN tradelatch.incidents i
        ON i.account = q.account AND i.subject = q.subject AND i.is_open`,
  ),
  open_in: asking(
    "symbol text",
    (asked) => `SELECT q.n, i.body FROM ${asked}
      JOIN tradelatch.incidents i
        ON i.account = q.account AND i.symbol = q.symbol AND i.is_open`,
  ),
  causes: asking(
    "symbol text, episode bigint",
    (asked) => `SELECT q.n, c.id, c.body FROM ${asked}
      CROSS JOIN LATERAL (
        SELECT id, body FROM (
          SELECT id, body, symbol, episode, filled, status FROM tradelatch.claims
          WHERE account = q.account ORDER BY claimed_at DESC, id DESC LIMIT ${CAUSES_LOOKBACK}
        ) latest
        WHERE latest.symbol = q.symbol AND latest.episode = q.episode
          AND (filled OR status <> 'SETTLED')
        ORDER BY id DESC LIMIT ${CAUSES_MAX}
      ) c`,
  ),
  moves: asking(
    "symbol text, after bigint",
    (asked) => `SELECT q.n, e.sequence AS id, e.body FROM ${asked}
      CROSS JOIN LATERAL (
        SELECT sequence, body FROM tradelatch.events
        WHERE sequence > q.after AND account = q.account AND symbol = q.symbol AND (${MAY_MOVE})
        ORDER BY sequence LIMIT ${MOVES_LOOKAHEAD}
      ) e`,
  ),
  adopted: asking(
    "",
    (asked) => `SELECT q.n, a.adopted_at FROM ${asked}
      JOIN tradelatch.accounts a ON a.account = q.account`,
  ),
};

/** `columns`: what the questions of a kind say, besides their number and their account. */
function asking(columns: string, text: (asked: string) => string): LoadStatement {
  const all = `n integer, account text${columns === "" ? "" : `, ${columns}`}`;
  const joined = joinedColumns(all, "q");
  return { text: text(joined.table), columns: joined };
}
