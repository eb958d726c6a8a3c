/** Draws the whole life of one claim for a person. Pure. */
import { attemptsIn, evidenceIn, type HistoryEvent } from "../audit/claim-history.ts";
import { type Claim, receiptOf } from "../claim/claim.ts";
import { claimInWords } from "../claim/claim-in-words.ts";
import type { EpochMs } from "../core/clock.ts";
import { isCombo } from "../identity/combo.ts";
import type { Intent } from "../identity/intent.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import { wrapped } from "./wrapped-text.ts";

export interface AuditedClaim {
  readonly claim: Claim;
  /** All of them, the first one first. */
  readonly events: readonly HistoryEvent[];
}

const INDENT = "  ";
const LABEL = 13;

/** In lines of at most `width`; without a line break at its end. */
export function auditPageText({ claim, events }: AuditedClaim, width: number): string {
  const { key, intent, status } = claim;
  return [
    ...wrapped("", `Claim ${key.agent}/${key.requestId}`, width),
    ...wrapped(INDENT, `${orderText(intent)}: ${status}, ${claimInWords(claim)}`, width),
    ...section("Identity", identityFacts(claim), width),
    ...attemptLines(events, width),
    ...evidenceLines(events, width),
    ...receiptLines(claim, width),
    ...eventLines(events, width),
    "",
    "Times are UTC.",
  ].join("\n");
}

type Fact = readonly [label: string, text: string];

function identityFacts({ key, identity, fingerprint, episode, intent }: Claim): readonly Fact[] {
  const { anchor, decisionId, reason } = intent;
  return [
    ["account", key.account],
    ["by", `${IDENTITIES[identity]}${anchor === null ? "" : ` ${JSON.stringify(anchor)}`}`],
    ["fingerprint", fingerprint],
    ["episode", String(episode)],
    ...(decisionId === null ? [] : [["decision", decisionId] as const]),
    ...(reason === null ? [] : [["reason", reason] as const]),
  ];
}

const IDENTITIES: Readonly<Record<Claim["identity"], string>> = {
  explicit: "the caller's own id",
  anchored: "its anchor",
  arrival: "its order of arrival, without an id or an anchor",
  leg: "its place in another claim's order",
};

function attemptLines(events: readonly HistoryEvent[], width: number): readonly string[] {
  const attempts = attemptsIn(events);
  if (attempts.length === 0) return [];
  const lines = attempts.flatMap(({ attempt, at, clientOrderId, owner }) => {
    const text = `attempt ${attempt} as ${clientOrderId}, owned by ${owner}`;
    return wrapped(`${INDENT}${timeText(at)}  `, text, width);
  });
  return ["", "Attempts", ...lines];
}

function evidenceLines(events: readonly HistoryEvent[], width: number): readonly string[] {
  const evidence = evidenceIn(events);
  if (evidence.length === 0) return ["", "Evidence: none yet"];
  const longest = Math.max(...evidence.map(({ source }) => source.length));
  const lines = evidence.flatMap(({ at, source, text }) =>
    wrapped(`${INDENT}${timeText(at)}  ${source.padEnd(longest)}  `, text, width),
  );
  return ["", "Evidence", ...lines];
}

function receiptLines(claim: Claim, width: number): readonly string[] {
  const receipt = receiptOf(claim);
  if (receipt === undefined) return ["", "Receipt: none yet"];
  const { outcome, provenance, filledQuantity, averagePrice, brokerOrderId } = receipt;
  const price = averagePrice === null ? "" : ` @ ${averagePrice}`;
  return section(
    "Receipt",
    [
      ["outcome", `${outcome} (proved by: ${provenance})`],
      ["filled", `${filledQuantity}${price}`],
      ["order", brokerOrderId ?? "none"],
      ...(claim.certainAt === null ? [] : [["certain at", timeText(claim.certainAt)] as const]),
      ["caller told", claim.told ?? "nothing yet"],
    ],
    width,
  );
}

function eventLines(events: readonly HistoryEvent[], width: number): readonly string[] {
  const longest = String(events.at(-1)?.sequence ?? 0).length;
  const lines = events.flatMap(({ sequence, at, body, hash }) => {
    const head = `${INDENT}${String(sequence).padStart(longest)}  `;
    const isAnswer = body.type === "repeat_answered" || body.type === "replace_answered";
    const answer = isAnswer ? ` ${body.answer}` : "";
    return [`${head}${timeText(at)}  ${body.type}${answer}`, ...wrapped(blank(head), hash, width)];
  });
  return ["", "Events, each with its hash", ...lines];
}

function section(title: string, facts: readonly Fact[], width: number): readonly string[] {
  const lines = facts.flatMap(([label, text]) =>
    wrapped(`${INDENT}${label.padEnd(LABEL)}`, text, width),
  );
  return ["", title, ...lines];
}

function orderText(intent: Intent): string {
  const { effect, type, extension } = intent;
  // What each leg of a combo does to its position the broker knows; its net price is a term of it.
  const does = isCombo(intent) ? "" : ` to ${effect}`;
  const price = isCombo(intent) ? extension?.limit_price : intent.limitPrice;
  return `${orderInWords(intent)}${does}, ${type}${typeof price === "string" ? ` ${price}` : ""}`;
}

function timeText(at: EpochMs): string {
  return new Date(at).toISOString();
}

function blank(text: string): string {
  return " ".repeat(text.length);
}
