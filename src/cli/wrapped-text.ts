/** Text in lines that are no wider than the terminal, without what could move its cursor. Pure. */
import { plainText, splitLongWords } from "../replay/text-columns.ts";

/**
 * `text` behind `head`, in lines of at most `width`; the lines after the first are indented by as
 * many columns as the head has.
 */
export function wrapped(head: string, text: string, width: number): readonly string[] {
  const room = Math.max(1, width - head.length);
  const words = splitLongWords(plainText(text), room).split(/\s+/);
  const lines = [""];
  for (const word of words) {
    const last = lines[lines.length - 1] ?? "";
    const longer = last === "" ? word : `${last} ${word}`;
    if (longer.length <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  const indent = " ".repeat(head.length);
  return lines.map((line, index) => `${index === 0 ? head : indent}${line}`.trimEnd());
}
