/**
 * What a transaction will ask, as far as that can be told before anything was read: so that it asks
 * all of it in one round trip. What is not foreseen is asked later, at the price of another one.
 */
import {
  believedId,
  type ClaimRequest,
  identify,
  idOnOtherSide,
} from "../../claim/decide-claim.ts";
import type { RecordCommand } from "../../claim/decide-record.ts";
import type { ClaimKey } from "../../core/ids.ts";
import type { Effect, Intent } from "../../identity/intent.ts";
import { subjectOfPosition } from "../../incident/incident.ts";
import type { Subject } from "../transacted-ledger.ts";
import { orderIn } from "../transaction.ts";
import type { Question } from "./question.ts";

export function foreseenQuestions(subject: Subject): readonly Question[] {
  switch (subject.kind) {
    case "claim":
      return aboutClaim(subject.request);
    case "record":
      return aboutRecord(subject.key, subject.command);
    case "one_claim":
      return [{ kind: "claim", key: subject.key }];
    case "guard":
      return [{ kind: "guard", key: subject.key }];
    case "symbol": {
      const { account, symbol } = subject;
      return [
        { kind: "book", account, symbol },
        { kind: "open_incident", account, subject: subjectOfPosition(symbol) },
      ];
    }
    case "other":
      return [];
  }
}

function aboutClaim({ intent: draft, policy }: ClaimRequest): readonly Question[] {
  const { account, agent, symbol, portion } = draft;
  const believed = believedId(draft, policy);
  const effects: readonly Effect[] = draft.effect === null ? ["open", "close"] : [draft.effect];
  return [
    { kind: "book", account, symbol },
    // What a part of the position is, an open without an answer leaves in doubt.
    ...(portion === null ? [] : [{ kind: "unsettled", account } as const]),
    ...(believed === undefined ? [] : [claimQuestion(draft, believed)]),
    ...effects.flatMap((effect): readonly Question[] => {
      const intent: Intent = { ...draft, effect, side: draft.side ?? "sell" };
      const { requestId, fingerprint } = identify(intent, policy);
      const isDerived = requestId !== null && believed === undefined;
      // An anchor says by itself which action it is.
      if (isDerived) {
        const ids = [requestId, idOnOtherSide(intent)].filter((id) => id !== undefined);
        return ids.map((id) => claimQuestion(draft, id));
      }
      // An equal close of late may decide that a draft is one too.
      if (believed === undefined || (draft.effect === null && effect === "close")) {
        return [{ kind: "equals_now", account, agent, fingerprint, symbol }];
      }
      return [{ kind: "unanswered", account, agent, fingerprint }];
    }),
  ];
}

function claimQuestion(
  { account, agent }: Pick<Intent, "account" | "agent">,
  requestId: ClaimKey["requestId"],
): Question {
  return { kind: "claim", key: { account, agent, requestId } };
}

function aboutRecord(key: ClaimKey, command: RecordCommand): readonly Question[] {
  const { account } = key;
  const order = orderIn(command);
  const ids = [order?.brokerOrderId, order?.replacedBy].filter((id) => typeof id === "string");
  return [
    { kind: "claim", key },
    ...ids.map((brokerOrderId): Question => ({ kind: "holder", account, brokerOrderId })),
  ];
}
