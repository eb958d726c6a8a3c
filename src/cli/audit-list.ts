/** Draws the audit trail: one line for what was decided, and below it of which claim and why. */
import { styleText } from "node:util";
import type { AuditItem } from "../audit/audit-item.ts";
import { plainText } from "../replay/text-columns.ts";
import { wrapped } from "./wrapped-text.ts";

export interface AuditList {
  readonly items: readonly AuditItem[];
  /** How the rest is asked for; null where nothing is left. */
  readonly olderCommand: string | null;
}

export interface Drawing {
  readonly width: number;
  readonly color: boolean;
}

const HEAD = ["No.", "Time (UTC)", "Status", "Action", "Symbol"] as const;
const GAP = "  ";
const STATUS_COLUMN = 2;
/** The name of an action that is no order may be of any length. */
const ACTION_MAX = 20;
/** Color repeats what the word says. */
const COLORS: Readonly<Record<string, Parameters<typeof styleText>[0]>> = {
  SETTLED: "green",
  SKIP: "cyan",
  PENDING: "yellow",
  IN_RECONCILIATION: "yellow",
  BLOCKED: "red",
};

/** Newest first; without a line break at its end. */
export function auditListText({ items, olderCommand }: AuditList, { width, color }: Drawing) {
  const older = olderCommand === null ? [] : [`There may be older ones: ${olderCommand}`];
  if (items.length === 0) return ["Nothing on record fits.", ...older].join("\n");
  const rows = items.map(cellsOf);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const indent = " ".repeat((widths[0] ?? 0) + GAP.length);
  const lines = items.flatMap((item, index) => [
    lineOf(rows[index] ?? [], widths, color ? COLORS[item.status] : undefined),
    ...wrapped(indent, `${nameOf(item)}: ${wholeAction(item)}${item.cause}`, width),
  ]);
  const count = `${items.length} ${items.length === 1 ? "entry" : "entries"}.`;
  return [lineOf(HEAD, widths), ...lines, "", count, ...older].join("\n");
}

function cellsOf({ sequence, at, status, action, symbol }: AuditItem): readonly string[] {
  return [String(sequence), new Date(at).toISOString(), status, shortened(action), symbol];
}

function shortened(action: string): string {
  const text = plainText(action);
  return text.length <= ACTION_MAX ? text : `${text.slice(0, ACTION_MAX - 1)}…`;
}

/** Where the line above has no room for it. */
function wholeAction({ action }: AuditItem): string {
  return plainText(action).length <= ACTION_MAX ? "" : `${action}: `;
}

function nameOf({ agent, requestId }: AuditItem): string {
  return requestId === null ? `${agent}, no claim` : `${agent}/${requestId}`;
}

function lineOf(
  cells: readonly string[],
  widths: readonly number[],
  format?: Parameters<typeof styleText>[0],
): string {
  return cells
    .map((cell, column) => {
      const text = cell.padEnd(widths[column] ?? 0);
      if (format === undefined || column !== STATUS_COLUMN) return text;
      return styleText(format, text, { validateStream: false });
    })
    .join(GAP)
    .trimEnd();
}
