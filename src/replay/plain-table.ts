/** Tables without lines but the rule under their heads, drawn for a terminal. */
import Table from "cli-table3";
import { columnWidths, splitLongWords } from "./text-columns.ts";

export type Cells = readonly string[];

const GAP = 2;

/**
 * A table with a rule under its head and no other lines, at most `width` wide. `style` gets the
 * row's index (undefined for the head), the column's index and the text.
 */
export function drawTable(
  head: Cells,
  rows: readonly Cells[],
  width: number,
  style: (line: number | undefined, column: number, text: string) => string,
): string {
  const lines = [head, ...rows];
  const widths = columnWidths(lines, width - GAP * (head.length - 1));
  const table = new Table({
    colWidths: widths,
    wordWrap: true,
    wrapOnWordBoundary: true,
    chars: BARE_CHARS,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  const rule = widths.map((column) => "─".repeat(column));
  for (const [index, cells] of lines.entries()) {
    const line = index === 0 ? undefined : index - 1;
    const wrapped = cells.map((text, column) => splitLongWords(text, widths[column] ?? 1));
    table.push(wrapped.map((text, column) => style(line, column, text)));
    if (index === 0) table.push(rule);
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const BARE_CHARS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ".repeat(GAP),
};
