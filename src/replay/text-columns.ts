/**
 * How wide the columns of a table are, and where a word that fits none of them is broken. Pure.
 *
 * A column is never narrower than its longest word while all of them fit. What room is left goes to
 * what most rows say, so that one long sentence does not make every row wrap: first to the column
 * that lacks the least. The rest goes, one character at a time, to the most cramped column.
 */

/** Words longer than this may be broken even where the room would do for them. */
const WORD_MAX = 17;
/** The part of a column's cells that "most rows" means. */
const MOST = 0.8;
/** No column gets narrower than this, however little room there is. */
const COLUMN_MIN = 6;
/** Behind these a word breaks more readably than elsewhere. */
const JOINTS = ["_", "-", "/", ":", ".", ","] as const;
const FRAGMENT = /[^\s_/:.,-]*[\s_/:.,-]?/g;

/** One line of text as it may be shown: no control characters, which could move the cursor. */
export function plainText(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** One width per column, `available` in sum or less; each row has as many cells as the first. */
export function columnWidths(rows: readonly (readonly string[])[], available: number): number[] {
  const columns = (rows[0] ?? []).map((_, column) => rows.map((cells) => cells[column] ?? ""));
  const widths = columns.map((cells) => Math.min(WORD_MAX, longest(cells, /\S+/g)));
  const fragments = columns.map((cells) => longest(cells, FRAGMENT));
  shrink(widths, fragments, available);
  shrink(
    widths,
    widths.map(() => COLUMN_MIN),
    available,
  );
  satisfy(widths, columns.map(lengthOfMost), available);
  grow(
    widths,
    columns.map((cells) => longest(cells, /.+/g)),
    available,
  );
  return widths;
}

/** Takes from the widest column until all fit or each is at its floor. */
function shrink(widths: number[], floors: readonly number[], available: number): void {
  while (sum(widths) > available) {
    const spare = widths.map((width, column) => (width > (floors[column] ?? 0) ? width : 0));
    const widest = indexOfMost(spare);
    if (spare[widest] === 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

/** Gives each column what it lacks, the smallest lack first, until the room is used. */
function satisfy(widths: number[], wanted: readonly number[], available: number): void {
  const lack = (column: number) => (wanted[column] ?? 0) - (widths[column] ?? 0);
  const lacking = [...widths.keys()].filter((column) => lack(column) > 0);
  for (const column of lacking.sort((a, b) => lack(a) - lack(b))) {
    const room = Math.max(0, available - sum(widths));
    widths[column] = (widths[column] ?? 0) + Math.min(lack(column), room);
  }
}

/** Gives to the most cramped column until the room is used or every cell has its one line. */
function grow(widths: number[], wanted: readonly number[], available: number): void {
  while (sum(widths) < available) {
    const cramped = indexOfMost(widths.map((width, column) => (wanted[column] ?? 0) / width));
    if ((wanted[cramped] ?? 0) <= (widths[cramped] ?? 0)) return;
    widths[cramped] = (widths[cramped] ?? 0) + 1;
  }
}

/** `text` with a line break in every word that is longer than `width`, behind a joint if it can. */
export function splitLongWords(text: string, width: number): string {
  return text.replace(/\S+/g, (word) => {
    const lines: string[] = [];
    let rest = word;
    while (rest.length > width) {
      const end = jointBefore(rest, width);
      lines.push(rest.slice(0, end));
      rest = rest.slice(end);
    }
    return [...lines, rest].join("\n");
  });
}

/** Where to break: behind the last joint within `width`, or at `width` where there is none. */
function jointBefore(word: string, width: number): number {
  const head = word.slice(0, width);
  const joint = Math.max(...JOINTS.map((mark) => head.lastIndexOf(mark)));
  return joint <= 0 ? width : joint + 1;
}

/** The length of the longest match of `part` in any of the texts, at least 1. */
function longest(texts: readonly string[], part: RegExp): number {
  const parts = texts.flatMap((text) => text.match(part) ?? []);
  return Math.max(1, ...parts.map((match) => match.trimEnd().length));
}

/** The length that {@link MOST} of the cells do not exceed; 1 where there are too few to say. */
function lengthOfMost(cells: readonly string[]): number {
  const lengths = cells.map((cell) => cell.length).sort((a, b) => a - b);
  return lengths[Math.floor(lengths.length * MOST) - 1] ?? 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** The first index of the greatest number. */
function indexOfMost(numbers: readonly number[]): number {
  return numbers.indexOf(Math.max(...numbers));
}
