/** Several sessions in one table: what each came to in either world. */
import { decimal, isZero, subtract, ZERO } from "../core/decimal.ts";
import { type Cells, drawTable } from "./plain-table.ts";
import type { GuardedTotals, NamedReport, ReplayReport } from "./report.ts";
import { pageWidth, type RenderOptions } from "./terminal-report.ts";

const HEAD = ["Session", "Duplicates", "Minutes blocked", "Phantom shares", "Incidents"] as const;
type Held = Pick<GuardedTotals, "believedPositions" | "finalPositions">;

const LEGEND = "without the latch -> with it";

/** Without a line break at its end. */
export function renderSummary(replays: readonly NamedReport[], options: RenderOptions): string {
  const rows = replays.map(({ name, report }): Cells => {
    const { unguarded, guarded } = report;
    return [
      name,
      `${unguarded.duplicateOrders} -> ${guarded.duplicateOrders}`,
      `${unguarded.blockedEntryMinutes} -> ${guarded.blockedEntryMinutes}`,
      phantomsText(report),
      incidentsText(report),
    ];
  });
  const table = drawTable(HEAD, rows, pageWidth(options), (_line, _column, text) => text);
  return [table, "", LEGEND].join("\n");
}

/** What the bot believes it holds beyond what the broker has; a dash where nobody asked it. */
function phantomsText({ unguarded, guarded }: ReplayReport): string {
  if (unguarded.believedPositions === undefined) return "-";
  return `${phantoms(unguarded)} -> ${phantoms(guarded)}`;
}

function phantoms({ believedPositions = {}, finalPositions }: Held): string {
  const parts = Object.entries(believedPositions).flatMap(([symbol, believed]) => {
    const held = finalPositions[symbol] ?? ZERO;
    const beyond = subtract(decimal(believed), decimal(held));
    return isZero(beyond) ? [] : [`${symbol} ${beyond}`];
  });
  return parts.length === 0 ? "0" : parts.join(", ");
}

/** `2 still_held, 1 open`, by how they ended. */
function incidentsText({ incidents }: ReplayReport): string {
  const ends = new Map<string, number>();
  for (const { verdict } of incidents) {
    const end = verdict ?? "open";
    ends.set(end, (ends.get(end) ?? 0) + 1);
  }
  if (ends.size === 0) return "none";
  return [...ends].map(([end, count]) => `${count} ${end}`).join(", ");
}
