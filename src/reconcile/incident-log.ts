/**
 * Says incidents in the log, once when they open and once when they are resolved, whichever process
 * opened them. Reads only; the ledger has the whole of it.
 */
import type { Incident } from "../incident/incident.ts";

export interface IncidentLine {
  readonly level: "warn" | "info";
  readonly message: "incident opened" | "incident resolved";
  readonly fields: Readonly<Record<string, unknown>>;
}

/** So many of the latest are looked at; more do not change between two looks. */
export const INCIDENTS_WATCHED = 50;

export class IncidentLog {
  /** By number: whether it was open when it was last said; undefined before the first look. */
  #said: Map<number, boolean> | undefined;

  /** What `latest` adds to what was said before; what was over at the first look is old. */
  linesFor(latest: readonly Incident[]): readonly IncidentLine[] {
    const before = this.#said;
    this.#said = new Map(latest.map(({ id, resolution }) => [id, resolution === null]));
    return latest.toReversed().flatMap((incident) => {
      const isOpen = incident.resolution === null;
      const wasOpen = before?.get(incident.id);
      if (before === undefined) return isOpen ? [opened(incident)] : [];
      if (wasOpen === isOpen || wasOpen === false) return [];
      const first = wasOpen === undefined ? [opened(incident)] : [];
      return isOpen ? first : [...first, resolved(incident)];
    });
  }
}

function opened({ id, kind, symbol, summary, next }: Incident): IncidentLine {
  const fields = { incident: id, kind, symbol, summary, next };
  return { level: "warn", message: "incident opened", fields };
}

function resolved({ id, kind, symbol, resolution }: Incident): IncidentLine {
  const { verdict, provenance, reason } = resolution ?? {};
  const fields = { incident: id, kind, symbol, verdict, provenance, reason };
  return { level: "info", message: "incident resolved", fields };
}
