/** The incidents of a session, folded from the ledger's own events. */
import { evolveIncident, type Incident } from "../incident/incident.ts";
import type { StoredEvent } from "../ledger/ledger.ts";
import type { ReportedIncident } from "./report.ts";
import { type Session, wallTimeOf } from "./session.ts";

/** In the order in which they were opened. */
export function incidentsOf(events: readonly StoredEvent[]): readonly Incident[] {
  const incidents = new Map<number, Incident>();
  for (const event of events) {
    if (event.subject !== "book") continue;
    const { body, account, symbol, at } = event;
    switch (body.type) {
      case "incident_opened":
      case "incident_evidence":
      case "incident_resolved": {
        const before = incidents.get(body.incident);
        incidents.set(body.incident, evolveIncident(before, { account, symbol }, body, at));
      }
    }
  }
  return [...incidents.values()];
}

export function reportedIncident(session: Session, incident: Incident): ReportedIncident {
  const { kind, symbol, openedAt, resolution, causes } = incident;
  return {
    kind,
    symbol,
    openedAt: wallTimeOf(session, openedAt),
    resolvedAt: resolution === null ? null : wallTimeOf(session, resolution.at),
    verdict: resolution?.verdict ?? null,
    provenance: resolution?.provenance ?? null,
    causes: causes.map(({ requestId }) => requestId),
  };
}
