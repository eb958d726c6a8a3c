/** Draws the list of incidents: one line for what they are, and below it what is wrong. Pure. */
import type { EpochMs } from "../core/clock.ts";
import type { Incident } from "../incident/incident.ts";
import { shortMarketTime, ZONE_NOTE } from "./market-time.ts";
import { wrapped } from "./wrapped-text.ts";

export interface IncidentList {
  readonly incidents: readonly Incident[];
  /** How the rest is asked for; null where nothing is left. */
  readonly olderCommand: string | null;
  readonly now: EpochMs;
}

const HEAD = ["ID", "Opened", "Kind", "Symbol", "State"] as const;
const GAP = "  ";

/** Newest first, in lines of at most `width`; without a line break at its end. */
export function incidentListText(list: IncidentList, width: number): string {
  const { incidents, olderCommand, now } = list;
  if (incidents.length === 0) return "No incidents.";
  const rows = incidents.map((incident) => rowOf(incident, now));
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const indent = " ".repeat((widths[0] ?? 0) + GAP.length);
  const lines = incidents.flatMap(({ summary }, index) => [
    lineOf(rows[index] ?? [], widths),
    ...wrapped(indent, summary, width),
  ]);
  const open = incidents.filter(({ resolution }) => resolution === null).length;
  // Of more than are listed nobody has counted how many are open.
  const these = olderCommand === null ? "" : "these ";
  const foot = `${open} of ${these}${incidents.length} open. ${ZONE_NOTE}`;
  const older = olderCommand === null ? [] : [`There are older ones: ${olderCommand}`];
  return [lineOf(HEAD, widths), ...lines, "", foot, ...older].join("\n");
}

function rowOf(incident: Incident, now: EpochMs): readonly string[] {
  const { id, openedAt, kind, symbol, resolution } = incident;
  const state = resolution === null ? "open" : resolution.verdict;
  return [String(id), shortMarketTime(openedAt, now), kind, symbol, state];
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(GAP)
    .trimEnd();
}
