/**
 * What a transaction asks of the rows that it decides on. A question that was answered once is not
 * asked again while the transaction holds its lock: nobody else changes the answer.
 */
import { LIVES_BACK } from "../../claim/resolve-effect.ts";
import type { AccountId, AgentId, ClaimKey } from "../../core/ids.ts";
import { bookName, claimName, namedBy } from "../../core/key-names.ts";
import { subjectOfClaim } from "../../incident/incident.ts";

/** Seen from the episode of a book: the one after it, and those in which a close is looked for. */
export const LIVES_NOW: readonly number[] = Array.from(
  { length: LIVES_BACK + 2 },
  (_, index) => index - LIVES_BACK,
);

interface OfFingerprint {
  readonly account: AccountId;
  readonly agent: AgentId;
  readonly fingerprint: string;
}

export type Question =
  /** Its book, and the open incident about it, come with it. */
  | { readonly kind: "claim"; readonly key: ClaimKey }
  /** Of an action that is no order. */
  | { readonly kind: "guard"; readonly key: ClaimKey }
  | ({ readonly kind: "equals"; readonly episode: number } & OfFingerprint)
  /** The same for the episodes that {@link LIVES_NOW} says, of the symbol's book as it is. */
  | ({ readonly kind: "equals_now"; readonly symbol: string } & OfFingerprint)
  /** Of whatever episode, those that an explicit id could have to wait for. */
  | ({ readonly kind: "unanswered" } & OfFingerprint)
  | { readonly kind: "holder"; readonly account: AccountId; readonly brokerOrderId: string }
  | { readonly kind: "unsettled"; readonly account: AccountId }
  /** The open incidents in its symbol come with it. */
  | { readonly kind: "book"; readonly account: AccountId; readonly symbol: string }
  | { readonly kind: "incident"; readonly account: AccountId; readonly id: number }
  | { readonly kind: "open_incident"; readonly account: AccountId; readonly subject: string }
  | { readonly kind: "open_in"; readonly account: AccountId; readonly symbol: string }
  | {
      readonly kind: "causes";
      readonly account: AccountId;
      readonly symbol: string;
      readonly episode: number;
    }
  /** The events behind the one numbered `after` that have moved the book. */
  | {
      readonly kind: "moves";
      readonly account: AccountId;
      readonly symbol: string;
      readonly after: number;
    }
  | { readonly kind: "adopted"; readonly account: AccountId };

export type QuestionKind = Question["kind"];

/** The same text for the same question. */
export function questionName(question: Question): string {
  switch (question.kind) {
    // Asked of every claim, several times.
    case "claim":
      return `claim ${claimName(question.key)}`;
    case "book":
      return `book ${bookName(question.account, question.symbol)}`;
    default:
      return `${question.kind} ${namedBy(valuesOf(question))}`;
  }
}

/** What tells the question from others of its kind, in the order of its statement's columns. */
export function valuesOf(question: Question): readonly (string | number)[] {
  switch (question.kind) {
    case "claim": {
      const { account, agent, requestId } = question.key;
      return [account, agent, requestId, subjectOfClaim(question.key)];
    }
    case "guard":
      return [question.key.account, question.key.agent, question.key.requestId];
    case "equals":
      return [question.account, question.agent, question.fingerprint, question.episode];
    case "equals_now":
      return [question.account, question.agent, question.fingerprint, question.symbol];
    case "unanswered":
      return [question.account, question.agent, question.fingerprint];
    case "holder":
      return [question.account, question.brokerOrderId];
    case "unsettled":
    case "adopted":
      return [question.account];
    case "book":
    case "open_in":
      return [question.account, question.symbol];
    case "incident":
      return [question.account, question.id];
    case "open_incident":
      return [question.account, question.subject];
    case "causes":
      return [question.account, question.symbol, question.episode];
    case "moves":
      return [question.account, question.symbol, question.after];
  }
}
