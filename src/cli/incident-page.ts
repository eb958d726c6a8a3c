/**
 * Draws one incident for a person: what is wrong, the chain of causes from the first claim to the
 * last consequence, the evidence, and how it ended or how it can be ended. Pure.
 */
import type { Claim } from "../claim/claim.ts";
import { NO_SYMBOL } from "../claim/claim-event.ts";
import { claimInWords } from "../claim/claim-in-words.ts";
import { isQuestionedByLateWord } from "../claim/decide-guard.ts";
import type { GuardClaim } from "../claim/guard-claim.ts";
import { guardInWords } from "../claim/guard-in-words.ts";
import { waitsForWord } from "../claim/incidents-of-claim.ts";
import type { ClaimKey } from "../core/ids.ts";
import { orderInWords } from "../identity/order-in-words.ts";
import { type Incident, subjectOfClaim } from "../incident/incident.ts";
import { marketTime, ZONE_NOTE } from "./market-time.ts";
import { wrapped } from "./wrapped-text.ts";

/** A claim that led to an incident, as it is now. */
export interface Cause {
  readonly key: ClaimKey;
  /** Undefined where the ledger does not have it. */
  readonly claim: Claim | undefined;
  /** The same of an action that is no order. */
  readonly action?: GuardClaim | undefined;
}

export interface IncidentPage {
  readonly incident: Incident;
  readonly causes: readonly Cause[];
  /** The command that resolves it as it is now, without the part about the claim. */
  readonly resolveCommand: string;
}

const INDENT = "  ";
const ACTION_ENDS = [
  ["done", "it happened"],
  ["rejected", "it did not, and is not to be tried again"],
  ["absent", "it did not; the next claim under its id may proceed"],
] as const;
const ABSENT = ["absent", "the broker has no such order"] as const;
const ENTRY_ENDS = [ABSENT, ["rejected", "refused, or over without a fill"]] as const;
const EXIT_ENDS = [
  ABSENT,
  ["rejected", "refused, or over without a fill; its shares are still held"],
  ["already-flat", "the position was closed before it"],
] as const;
const END_LENGTH = "already-flat".length;

/** In lines of at most `width`, except for commands to copy; without a line break at its end. */
export function incidentPageText(page: IncidentPage, width: number): string {
  const { id, kind, symbol, resolution, summary, version } = page.incident;
  const state = resolution === null ? "open" : "resolved";
  const where = symbol === NO_SYMBOL ? "" : ` in ${symbol}`;
  const heading = `Incident ${id}: ${kind}${where}, ${state}, version ${version}`;
  return [
    ...wrapped("", heading, width),
    ...wrapped(INDENT, summary, width),
    "",
    ...factLines(page.incident, width),
    ...causeLines(page.causes, width),
    ...evidenceLines(page.incident, width),
    "",
    ...(resolution === null ? wayOut(page, width) : resolutionLines(page.incident, width)),
    "",
    ZONE_NOTE,
  ].join("\n");
}

function factLines({ openedAt, subject, next, resolution }: Incident, width: number) {
  return [
    ...wrapped("Opened  ", marketTime(openedAt), width),
    ...wrapped("About   ", subject, width),
    ...(resolution === null ? wrapped("Next    ", next, width) : []),
  ];
}

function causeLines(causes: readonly Cause[], width: number): readonly string[] {
  if (causes.length === 0) return ["", "Causes: no claim led to it"];
  return ["", "Causes, the first claim first", ...causes.flatMap((one) => causeText(one, width))];
}

function causeText({ key, claim, action }: Cause, width: number): readonly string[] {
  const name = wrapped(INDENT.repeat(2), `${key.agent}/${key.requestId}`, width);
  if (action !== undefined) {
    const text = `${action.action}: ${guardInWords(action)}`;
    return [...wrapped(`${INDENT}${marketTime(action.claimedAt)}  `, text, width), ...name];
  }
  if (claim === undefined) return [`${INDENT}not on record in this ledger`, ...name];
  const { intent, claimedAt } = claim;
  const order = `${orderInWords(intent)}: ${claimInWords(claim)}`;
  return [...wrapped(`${INDENT}${marketTime(claimedAt)}  `, order, width), ...name];
}

function evidenceLines({ evidence, version, resolution }: Incident, width: number) {
  if (evidence.length === 0) return [];
  // Each piece of evidence is one version; the opening is another, and so is the end.
  const older = version - 1 - evidence.length - (resolution === null ? 0 : 1);
  const note = older > 0 ? [`${INDENT}${older} older ones are in the event log`] : [];
  const lines = evidence.flatMap(({ at, text }) =>
    wrapped(`${INDENT}${marketTime(at)}  `, text, width),
  );
  return ["", "Evidence", ...note, ...lines];
}

function resolutionLines({ resolution }: Incident, width: number): readonly string[] {
  if (resolution === null) return [];
  const { at, verdict, provenance, reason } = resolution;
  const head = `Resolved  ${marketTime(at)}  `;
  return [
    ...wrapped(head, `${verdict} (proved by: ${provenance})`, width),
    ...wrapped("Reason    ", reason, width),
  ];
}

/** A command stays on one line, so that it can be copied. */
function wayOut({ incident, causes, resolveCommand }: IncidentPage, width: number) {
  const action = causes.some((cause) => isActionWaiting(incident, cause));
  const waiting = causes.find(({ key, claim }) => isWaiting(incident, key, claim))?.claim;
  if (!action && waiting === undefined) return ["To resolve it:", `${INDENT}${resolveCommand}`];
  const order = waiting?.intent.effect === "close" ? EXIT_ENDS : ENTRY_ENDS;
  const whose = action ? "the provider's own records show" : "the broker's own records show";
  return [
    ...wrapped("", `To resolve it, once ${whose} how it ended, with one of these as END:`, width),
    `${INDENT}${resolveCommand} --as END`,
    ...(action ? ACTION_ENDS : order).flatMap(([name, meaning]) =>
      wrapped(`${INDENT.repeat(2)}${name.padEnd(END_LENGTH)}  `, meaning, width),
    ),
    ...wrapped(INDENT, "Until then the claim waits for evidence, and the incident with it.", width),
  ];
}

/** Of a late word the claim waits only where nobody else has been at it since. */
function isActionWaiting({ kind }: Incident, { action }: Cause): boolean {
  if (action?.status !== "IN_RECONCILIATION") return false;
  return kind !== "late_settlement" || isQuestionedByLateWord(action);
}

/** Whether the incident is about this claim, and its end is open. */
function isWaiting({ kind, subject }: Incident, key: ClaimKey, claim: Claim | undefined): boolean {
  return subject === subjectOfClaim(key) && claim !== undefined && waitsForWord(claim, kind);
}
