/** An incident as JSON: times as text, its causes as the claims' keys, the first one first. */
import { z } from "zod";
import type { ClaimKey } from "../core/ids.ts";
import { INCIDENT_KINDS, type Incident, type IncidentVerdict } from "../incident/incident.ts";
import type { EntryCheck } from "../reconcile/entry-check.ts";
import { errorSchema, named, timeOut, timeText } from "./native-schemas.ts";

const INCIDENT_VERDICTS = [
  "landed",
  "malformed",
  "still_held",
  "already_flat",
  "changed_elsewhere",
  "outcome_known",
  "fills_booked",
  "adopted",
  "agrees_again",
  "order_gone",
  "by_operator",
] as const satisfies readonly IncidentVerdict[];

const causesSchema = z
  .array(z.object({ agent: z.string(), requestId: z.string() }))
  .describe("The claims that led to it, the first one first.");

const resolutionSchema = z.object({
  at: timeOut,
  verdict: z.enum(INCIDENT_VERDICTS),
  provenance: z.enum(["venue", "inferred", "operator"]).describe("Who proved it."),
  reason: z.string().describe("What was done about it; an operator's name and reason."),
});

export const incidentSchema = named(
  "Incident",
  z.object({
    id: z.number().int(),
    account: z.string(),
    symbol: z.string(),
    kind: z.enum(INCIDENT_KINDS),
    status: z.enum(["open", "resolved"]),
    subject: z.string().describe("What it is about: a claim, or the position in a symbol."),
    openedAt: timeOut,
    version: z.number().int().describe("Grows with every event; resolving takes the last one."),
    summary: z.string(),
    next: z.string().describe("What happens next, or what a person is to do."),
    causes: causesSchema,
    evidence: z
      .array(z.object({ at: timeOut, text: z.string() }))
      .describe("The latest of it; the event log has all."),
    resolution: resolutionSchema.nullable(),
  }),
);

export const incidentConflictSchema = named(
  "IncidentConflict",
  errorSchema.extend({
    tradelatch: z.object({
      error: z.enum([
        "incident_changed",
        "incident_over",
        "incident_without_claim",
        "incident_claim_waits",
        "incident_not_a_position",
        "incident_other_end",
        "exit_still_held",
        "position_moved",
      ]),
      hint: z.string(),
      incident: incidentSchema.describe("As it is now."),
    }),
  }),
);

export const entryCheckSchema = named(
  "EntryCheck",
  z.object({
    symbol: z.string(),
    free: z.boolean().describe("Whether an entry may be sent; an open incident alone allows it."),
    because: z.string(),
    causes: causesSchema,
    incidents: z.array(incidentSchema).describe("Open incidents in the symbol."),
  }),
);

export type IncidentView = z.output<typeof incidentSchema>;

export function incidentView(incident: Incident): IncidentView {
  const { resolution, evidence } = incident;
  return {
    ...incident,
    status: resolution === null ? "open" : "resolved",
    openedAt: timeText(incident.openedAt),
    causes: causesView(incident.causes),
    evidence: evidence.map(({ at, text }) => ({ at: timeText(at), text })),
    resolution: resolution === null ? null : { ...resolution, at: timeText(resolution.at) },
  };
}

export function entryCheckView(check: EntryCheck): z.output<typeof entryCheckSchema> {
  const { symbol, isFree, because, causes, incidents } = check;
  const found = incidents.map(incidentView);
  return { symbol, free: isFree, because, causes: causesView(causes), incidents: found };
}

function causesView(causes: readonly ClaimKey[]) {
  return causes.map(({ agent, requestId }) => ({ agent, requestId }));
}
