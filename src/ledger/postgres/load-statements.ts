/**
 * The statement of each kind of question. Each takes all questions of its kind as one JSON text, so
 * that however many jobs share a transaction, it asks at most once for every kind.
 */
import { CAUSES_LOOKBACK, CAUSES_MAX, EQUALS_MAX } from "../rows.ts";
import type { QuestionKind } from "./question.ts";

/** Word for word the condition of the partial index, or it would not serve. */
const IS_LIVE = "status IN ('OPEN', 'RESOLVED', 'IN_RECONCILIATION')";

const asked = (columns: string) =>
  `jsonb_to_recordset($1::text::jsonb) AS q (n integer, account text, ${columns})`;

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

const ONE_EPISODE = equals(["q.episode"]);
const TWO_EPISODES = equals(["coalesce(b.episode, 0)", "coalesce(b.episode, 0) + 1"]);

export const LOAD_STATEMENTS: Readonly<Record<QuestionKind, string>> = {
  claim: `SELECT q.n, c.id, c.body, b.body AS book, i.body AS incident
    FROM ${asked('agent text, "requestId" text, subject text')}
    JOIN tradelatch.claims c
      ON c.account = q.account AND c.agent = q.agent AND c.request_id = q."requestId"
    LEFT JOIN tradelatch.books b ON b.account = c.account AND b.symbol = c.symbol
    LEFT JOIN tradelatch.incidents i
      ON i.account = q.account AND i.subject = q.subject AND i.is_open`,
  guard: `SELECT q.n, g.body FROM ${asked('agent text, "requestId" text')}
    JOIN tradelatch.guard_claims g
      ON g.account = q.account AND g.agent = q.agent AND g.request_id = q."requestId"`,
  equals: `SELECT q.n, c.id, c.body
    FROM ${asked("agent text, fingerprint text, episode bigint")}
    CROSS JOIN LATERAL (${ONE_EPISODE}) c`,
  equals_now: `SELECT q.n, coalesce(b.episode, 0) AS episode, c.id, c.body
    FROM ${asked("agent text, fingerprint text, symbol text")}
    LEFT JOIN tradelatch.books b ON b.account = q.account AND b.symbol = q.symbol
    LEFT JOIN LATERAL (${TWO_EPISODES}) c ON true`,
  holder: `SELECT q.n, c.id, c.body FROM ${asked('"brokerOrderId" text')}
    JOIN tradelatch.claims c
      ON c.account = q.account AND c.broker_order_id = q."brokerOrderId"`,
  unsettled: `SELECT q.n, c.id, c.body FROM ${asked("kind text")}
    JOIN tradelatch.claims c ON c.account = q.account AND c.status <> 'SETTLED'`,
  book: `SELECT q.n, b.body FROM ${asked("symbol text")}
    JOIN tradelatch.books b ON b.account = q.account AND b.symbol = q.symbol`,
  incident: `SELECT q.n, i.body FROM ${asked("id bigint")}
    JOIN tradelatch.incidents i ON i.account = q.account AND i.id = q.id`,
  open_incident: `SELECT q.n, i.body FROM ${asked("subject text")}
    JOIN tradelatch.incidents i
      ON i.account = q.account AND i.subject = q.subject AND i.is_open`,
  open_in: `SELECT q.n, i.body FROM ${asked("symbol text")}
    JOIN tradelatch.incidents i
      ON i.account = q.account AND i.symbol = q.symbol AND i.is_open`,
  causes: `SELECT q.n, c.id, c.body FROM ${asked("symbol text, episode bigint")}
    CROSS JOIN LATERAL (
      SELECT id, body FROM (
        SELECT id, body, symbol, episode, filled, status FROM tradelatch.claims
        WHERE account = q.account ORDER BY claimed_at DESC, id DESC LIMIT ${CAUSES_LOOKBACK}
      ) latest
      WHERE latest.symbol = q.symbol AND latest.episode = q.episode
        AND (filled OR status <> 'SETTLED')
      ORDER BY id DESC LIMIT ${CAUSES_MAX}
    ) c`,
  adopted: `SELECT q.n, a.adopted_at FROM ${asked("kind text")}
    JOIN tradelatch.accounts a ON a.account = q.account`,
};
