/** Asks the database questions, all at once, and gives the snapshot their answers. */
import type { Book } from "../../book/book.ts";
import type { Claim } from "../../claim/claim.ts";
import { type LedgerEvent, MOVES } from "../../claim/claim-event.ts";
import type { GuardClaim } from "../../claim/guard-claim.ts";
import { type Incident, subjectOfClaim } from "../../incident/incident.ts";
import type { Parameter } from "./dedicated-connection.ts";
import { parsed } from "./json-column.ts";
import { LOAD_STATEMENTS } from "./load-statements.ts";
import { isKey, ownAnswer } from "./own-answer.ts";
import { LIVES_NOW, type Question, type QuestionKind, questionName, valuesOf } from "./question.ts";
import type { SnapshotRows } from "./snapshot-rows.ts";
import { columnValue } from "./text-column.ts";

/** What a statement gives of each kind; which columns there are, the statement says. */
export interface Row {
  readonly n: number;
  readonly id: number | null;
  readonly body: string;
  readonly book: string | null;
  readonly incident: string | null;
  readonly episode: number;
  readonly adopted_at: number;
}
/** Runs one statement; several that are not awaited go out together. */
export type Ask = (text: string, parameters: readonly Parameter[]) => Promise<readonly Row[]>;

/** Resolves once all of `questions` are answered; they take one round trip together. */
export async function loadRows(
  ask: Ask,
  rows: SnapshotRows,
  questions: readonly Question[],
): Promise<void> {
  const open = new Map<string, Question>();
  for (const question of questions) {
    const name = questionName(question);
    if (!rows.isAnswered(name)) open.set(name, question);
  }
  const byKind = new Map<QuestionKind, [name: string, question: Question][]>();
  for (const named of open) {
    const alike = byKind.get(named[1].kind);
    if (alike === undefined) byKind.set(named[1].kind, [named]);
    else alike.push(named);
  }
  const loading = [...byKind].map(async ([kind, asked]) => {
    const { text, columns } = LOAD_STATEMENTS[kind];
    const values = asked.map(([, question], n) => [n, ...valuesOf(question).map(columnValue)]);
    const found = await ask(text, columns.parametersOf(values));
    for (const row of found) takeRow(rows, asked[row.n]?.[1] as Question, row);
    for (const [name] of asked) rows.answered(name);
  });
  const results = await Promise.allSettled(loading);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function takeRow(rows: SnapshotRows, question: Question, row: Row): void {
  switch (question.kind) {
    case "claim": {
      const { account } = question.key;
      const claim = takeClaim(rows, row);
      ownAnswer(claim, ({ key }) => isKey(key, question.key), "the server");
      takeBeside(rows, row);
      rows.answer({ kind: "book", account, symbol: claim.intent.symbol });
      rows.answer({ kind: "open_incident", account, subject: subjectOfClaim(question.key) });
      return;
    }
    case "guard": {
      const claim = parsed<GuardClaim>(row.body);
      ownAnswer(claim, ({ key }) => isKey(key, question.key), "the server");
      rows.loadGuard(claim);
      return;
    }
    case "equals_now": {
      const { account, agent, fingerprint } = question;
      if (row.id !== null) takeEqual(rows, question, row);
      for (const apart of LIVES_NOW) {
        const episode = Number(row.episode) + apart;
        rows.answer({ kind: "equals", account, agent, fingerprint, episode });
      }
      return;
    }
    case "equals":
    case "unanswered":
      takeEqual(rows, question, row);
      return;
    case "holder": {
      const isIt = (claim: Claim) => claim.brokerOrderId === question.brokerOrderId;
      ownAnswer(takeClaim(rows, row), isIt, "the server");
      return;
    }
    case "unsettled":
    case "causes":
      takeClaim(rows, row);
      return;
    case "book": {
      const { account, symbol } = question;
      takeBeside(rows, row);
      rows.answer({ kind: "open_in", account, symbol });
      return;
    }
    case "incident":
    case "open_incident":
    case "open_in":
      rows.loadIncident(parsed<Incident>(row.body));
      return;
    case "moves": {
      const { account, symbol } = question;
      const { type } = parsed<LedgerEvent["body"]>(row.body);
      if (MOVES.has(type)) rows.loadMove(account, symbol, Number(row.id));
      return;
    }
    case "adopted":
      rows.loadAdopted(question.account, Number(row.adopted_at));
      return;
  }
}

function takeBeside(rows: SnapshotRows, { book, incident }: Row): void {
  if (book !== null) rows.loadBook(parsed<Book>(book));
  if (incident !== null) rows.loadIncident(parsed<Incident>(incident));
}

/** With one that is like another order the caller's own would be unseen, and go out again. */
function takeEqual(
  rows: SnapshotRows,
  { account, agent, fingerprint }: Extract<Question, { readonly fingerprint: string }>,
  row: Row,
): void {
  const isEqual = ({ key, ...claim }: Claim) =>
    key.account === account && key.agent === agent && claim.fingerprint === fingerprint;
  ownAnswer(takeClaim(rows, row), isEqual, "the server");
}

function takeClaim(rows: SnapshotRows, row: Row): Claim {
  const claim = parsed<Claim>(row.body);
  rows.loadClaim(Number(row.id), claim);
  return claim;
}
