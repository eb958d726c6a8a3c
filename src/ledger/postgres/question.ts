/**
 * What a transaction asks of the rows that it decides on. A question that was answered once is not
 * asked again while the transaction holds its lock: nobody else changes the answer.
 */
import type { AccountId, AgentId, ClaimKey } from "../../core/ids.ts";

export type Question =
  /** Its book, and the open incident about it, come with it. */
  | { readonly kind: "claim"; readonly key: ClaimKey }
  /** Of an action that is no order. */
  | { readonly kind: "guard"; readonly key: ClaimKey }
  | {
      readonly kind: "equals";
      readonly account: AccountId;
      readonly agent: AgentId;
      readonly fingerprint: string;
      readonly episode: number;
    }
  /** The same for the episode of the symbol's book as it is, and the one after it. */
  | {
      readonly kind: "equals_now";
      readonly account: AccountId;
      readonly agent: AgentId;
      readonly fingerprint: string;
      readonly symbol: string;
    }
  | { readonly kind: "holder"; readonly account: AccountId; readonly brokerOrderId: string }
  | { readonly kind: "unsettled"; readonly account: AccountId }
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
  | { readonly kind: "adopted"; readonly account: AccountId };

export type QuestionKind = Question["kind"];
export type QuestionOf<Kind extends QuestionKind> = Extract<Question, { kind: Kind }>;

/** The same text for the same question. */
export function questionName(question: Question): string {
  return JSON.stringify(Object.values(flat(question)));
}

/** Its fields, with those of a claim's key beside them. */
export function flat(question: Question): Readonly<Record<string, string | number>> {
  if (question.kind !== "claim" && question.kind !== "guard") return question;
  const { account, agent, requestId } = question.key;
  return { kind: question.kind, account, agent, requestId };
}
