/** Draws a comparison of claims and orders for a person, in lines of at most `width`. Pure. */
import type { Comparison } from "../comparison/compare-records.ts";
import {
  FINDING_KINDS,
  type Finding,
  type FindingKind,
  isToBeLookedAt,
  REASONS,
} from "../comparison/finding.ts";
import type { RecordedClaim, RecordedOrder, RecordedTerms } from "../comparison/recorded.ts";
import { marketTime, ZONE_NOTE } from "./market-time.ts";
import { wrapped } from "./wrapped-text.ts";

const MEANINGS: Readonly<Record<FindingKind, string>> = {
  confirmed: "claim and broker agree",
  duplicate_blocked: "answered as a duplicate, nothing was sent",
  refused: "refused, and nothing came of it",
  missing_at_broker: "the claim has an order, the broker does not show it",
  unknown_to_us: "the broker has an order that no claim accounts for",
  uncertain: "nobody can say from these records",
  contradiction: "claim and broker cannot both be right",
};
const KIND_LENGTH = Math.max(...FINDING_KINDS.map((kind) => kind.length));
const COUNT_LENGTH = 7;
const INDENT = "  ";
/** So many orders that might be meant are named; `--json` has all. */
const NAMED_MAX = 5;
const NO_TIME = "no time";

/** `all`: also what agrees, and not only what is to be looked at. */
export function comparisonText(comparison: Comparison, all: boolean, width: number): string {
  const { findings, counts, toBeLookedAt, sizes } = comparison;
  const { claims, orders } = sizes;
  const heading =
    `Compared ${amount(claims.distinct, "claim")} with ${amount(orders.distinct, "order")}` +
    ` (${claims.records} and ${orders.records} on record).`;
  const table = FINDING_KINDS.filter((kind) => counts[kind] > 0).flatMap((kind) => {
    const count = String(counts[kind]).padStart(COUNT_LENGTH);
    return wrapped(`${count}  ${kind.padEnd(KIND_LENGTH)}  `, MEANINGS[kind], width);
  });
  const shown = findings.filter((finding) => all || isToBeLookedAt(finding));
  const ofKinds = FINDING_KINDS.flatMap((kind) => {
    const own = shown.filter((finding) => finding.kind === kind);
    if (own.length === 0) return [];
    return [
      "",
      kind,
      ...own.flatMap((finding, index) => [
        ...(index === 0 ? [] : [""]),
        ...findingLines(finding, width),
      ]),
    ];
  });
  const well = findings.length === 0 ? "There was nothing to compare." : "Everything agrees.";
  const end = toBeLookedAt === 0 ? [well] : [];
  const foot = shown.length === 0 ? [] : [ZONE_NOTE];
  const last = [...end, ...foot].join(" ");
  return [
    ...wrapped("", heading, width),
    ...(table.length === 0 ? [] : ["", ...table]),
    ...ofKinds,
    ...(last === "" ? [] : ["", last]),
  ].join("\n");
}

function findingLines({ claim, orders, reasons, candidates }: Finding, width: number) {
  const indent = INDENT.repeat(2);
  const named = candidates.slice(0, NAMED_MAX).join(", ");
  const more = candidates.length > NAMED_MAX ? `, ${candidates.length - NAMED_MAX} more` : "";
  return [
    ...(claim === null ? [] : claimLines(claim, width)),
    ...orders.flatMap((order) => orderLines(order, width)),
    ...(candidates.length === 0
      ? []
      : wrapped(`${indent}see     `, `order ${named}${more}`, width)),
    ...reasons.flatMap((reason) => wrapped(indent, `${reason}: ${REASONS[reason]}`, width)),
  ];
}

function claimLines(claim: RecordedClaim, width: number): readonly string[] {
  const id = claim.requestId ?? claim.clientOrderId ?? claim.brokerOrderId ?? "";
  const name = claim.agent === null ? id : `${claim.agent} ${id}`;
  const filled = claim.filled === null ? "" : `, filled ${claim.filled}`;
  const text = `${termsText(claim)}: ${claim.word ?? "no state"}${filled}, ${name}`;
  return wrapped(`${INDENT}${timeText(claim)}  claim  `, text, width);
}

function orderLines(order: RecordedOrder, width: number): readonly string[] {
  const name = order.id ?? order.clientOrderId ?? "";
  const state = `${order.status ?? "no state"}, filled ${order.filled}`;
  const text = `${termsText(order)}: ${state}, ${name}`;
  return wrapped(`${INDENT}${timeText(order)}  order  `, text, width);
}

function termsText({ side, quantity, notional, symbol }: RecordedTerms): string {
  const much = quantity ?? (notional === null ? null : `${notional} USD of`);
  const words = [side, much, symbol].filter((word) => word !== null);
  return words.length === 0 ? "terms not stated" : words.join(" ");
}

function timeText({ at }: RecordedTerms): string {
  const text = at === null ? NO_TIME : marketTime(at);
  return text.padEnd("2026-05-21 09:42:00".length);
}

function amount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
