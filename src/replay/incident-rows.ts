/**
 * The incidents of the guarded world with their chains of causes, as lines to read; beside them the
 * entries that the unguarded world kept back, of which its bot could say no more than that the
 * broker shows a position. Which block belongs to which incident is not claimed.
 */
import type { ClaimKey } from "../core/ids.ts";
import type { Incident, Resolution } from "../incident/incident.ts";
import { claimText, shortId } from "./claim-text.ts";
import type { GuardedWorld } from "./guarded-world.ts";
import { claimName, claimsOf, type SessionClaim } from "./ledger-claims.ts";
import { incidentsOf } from "./ledger-incidents.ts";
import { type EntriesWantedEvent, type Mark, type Session, wallTimeOf } from "./session.ts";
import type { UnguardedWorld } from "./unguarded-world.ts";

/** The beginning or end of an incident, a cause, or a further line of what stands beside them. */
export interface IncidentRow {
  readonly kind: "incident" | "cause" | "beside";
  /** Empty beside nothing. */
  readonly time: string;
  readonly mark: Mark;
  readonly what: string;
  readonly outcome: string;
  readonly claim: string;
  /** What the bot without the latch met. */
  readonly unguarded: string;
}

type LatchLine = Omit<IncidentRow, "unguarded">;

/** So many causes are shown; the first one always is. */
const CAUSES_MAX = 8;
const NOTHING: LatchLine = {
  kind: "beside",
  time: "",
  mark: "stated",
  what: "",
  outcome: "",
  claim: "",
};

/** Empty where neither world has anything to show. */
export function incidentRows(
  session: Session,
  unguarded: UnguardedWorld,
  guarded: GuardedWorld,
): readonly IncidentRow[] {
  const claims = claimsOf(guarded.ledger.events);
  const incidents = incidentsOf(guarded.ledger.events);
  const lines = incidents.flatMap((incident) => incidentLines(session, incident, claims));
  const beside = session.events.flatMap((event, index) => {
    const minutes = unguarded.blockedMinutes.get(index);
    return event.kind === "entries_wanted" && minutes !== undefined
      ? blockLines(event, minutes)
      : [];
  });
  const none = beside.length > 0 && lines.length === 0 ? [{ ...NOTHING, what: "none" }] : lines;
  return Array.from({ length: Math.max(none.length, beside.length) }, (_, line) => ({
    ...(none[line] ?? NOTHING),
    unguarded: beside[line] ?? "",
  }));
}

function incidentLines(
  session: Session,
  incident: Incident,
  claims: ReadonlyMap<string, SessionClaim>,
): readonly LatchLine[] {
  const { kind, symbol, openedAt, resolution, causes } = incident;
  const head: LatchLine = {
    ...NOTHING,
    kind: "incident",
    time: wallTimeOf(session, openedAt),
    what: `${kind} ${symbol}`,
    outcome: resolution === null ? "open to the end" : "in question",
  };
  const shown = [...causes.slice(0, 1), ...causes.slice(1).slice(1 - CAUSES_MAX)];
  const chain = shown.flatMap((key) => causeLine(session, key, claims));
  return [head, ...chain, ...(resolution === null ? [] : [endLine(session, resolution)])];
}

function endLine(session: Session, { at, verdict, provenance }: Resolution): LatchLine {
  const outcome = `${verdict} (${provenance})`;
  return { ...NOTHING, kind: "incident", time: wallTimeOf(session, at), what: "resolved", outcome };
}

function causeLine(
  session: Session,
  key: ClaimKey,
  claims: ReadonlyMap<string, SessionClaim>,
): readonly LatchLine[] {
  const claim = claims.get(claimName(key))?.claim;
  if (claim === undefined) return [];
  const { symbol, side, quantity, decisionId } = claim.intent;
  const row = session.events.find((event) => event.kind === "order" && event.id === decisionId);
  const refusal = claim.refusal === null ? "" : ` (${claim.refusal.httpStatus})`;
  return [
    {
      kind: "cause",
      time: wallTimeOf(session, claim.openedAt),
      mark: row?.mark ?? "inferred",
      what: `- ${side} ${symbol} ${quantity ?? ""}`.trimEnd(),
      outcome: `${claimText(quantity, claim)}${refusal}`,
      claim: shortId(key.requestId),
    },
  ];
}

function blockLines(event: EntriesWantedEvent, minutes: number): readonly string[] {
  const { symbol, from, until } = event;
  return [`no ${symbol} entry`, `${from}-${until}`, `for ${minutes} minutes`, "cause: none told"];
}
