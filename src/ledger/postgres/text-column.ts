/**
 * Text as the server can keep it: it takes every character but U+0000, which an id may hold. So
 * that one is written as an escape, and so is what begins an escape.
 */

/** Whether the server would not keep `value` as it is; hardly any of a row's many texts. */
function needsEscape(value: unknown): boolean {
  return typeof value === "string" && (value.includes("\\") || value.includes("\0"));
}

function toColumn(text: string): string {
  if (!needsEscape(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll("\0", "\\0");
}

export function fromColumn(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "0" ? "\0" : escaped));
}

/** The same for whatever a statement is given. */
export function columnValue<Value>(value: Value): Value | string {
  return typeof value === "string" ? toColumn(value) : value;
}
