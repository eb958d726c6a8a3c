/** Draws the whole life of one claim of an action that is no order, for a person. Pure. */
import type { GuardHistoryEvent } from "../audit/guard-history.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import { guardInWords } from "../claim/guard-in-words.ts";
import { wrapped } from "./wrapped-text.ts";

const INDENT = "  ";
const LABEL = 13;

/** In lines of at most `width`; without a line break at its end. */
export function guardPageText(
  claim: GuardClaim,
  events: readonly GuardHistoryEvent[],
  width: number,
): string {
  const { key, action, status } = claim;
  const facts = factsOf(claim).flatMap(([label, text]) =>
    wrapped(`${INDENT}${label.padEnd(LABEL)}`, text, width),
  );
  return [
    ...wrapped("", `Action ${key.agent}/${key.requestId}`, width),
    ...wrapped(INDENT, `${action}: ${status}, ${guardInWords(claim)}`, width),
    "",
    ...facts,
    ...eventLines(events, width),
    "",
    "Times are UTC.",
  ].join("\n");
}

function factsOf(claim: GuardClaim): readonly (readonly [string, string])[] {
  const { agentId, scope, payload, fencing, settledAt, result, resultProblem } = claim;
  const given = (label: string, text: string | null) =>
    text === null ? [] : ([[label, text]] as const);
  return [
    ...given("by", agentId),
    ...given("scope", scope),
    ...given("payload", payload && `hashes of ${Object.keys(payload).length} fields`),
    ["claimed at", timeText(claim.claimedAt)],
    ["attempt", String(fencing)],
    ["lease until", timeText(claim.leaseUntil)],
    ...given("settled at", settledAt === null ? null : timeText(settledAt)),
    ...given("result", claim.outcome === null ? null : JSON.stringify(result)),
    ...given("lost result", resultProblem),
  ];
}

function eventLines(events: readonly GuardHistoryEvent[], width: number): readonly string[] {
  const longest = String(events.at(-1)?.sequence ?? 0).length;
  const lines = events.flatMap(({ sequence, at, body, hash }) => {
    const head = `${INDENT}${String(sequence).padStart(longest)}  `;
    const answer = body.type === "guard_answered" ? ` ${body.answer}` : "";
    const line = `${head}${timeText(at)}  ${body.type}${answer}`;
    return [line, ...wrapped(" ".repeat(head.length), hash, width)];
  });
  return ["", "Events, each with its hash", ...lines];
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
