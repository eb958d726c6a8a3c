/**
 * The records of a text: a JSON list, a page that holds one (`{"orders": […]}`), or JSONL with one
 * record or page a line. Numbers keep their digits.
 */
import { LatchError } from "../core/errors.ts";
import { parseJsonText } from "../core/json-text.ts";
import { fieldsOf } from "./record-fields.ts";

/** What a page calls its list. */
const LISTS = ["orders", "claims", "items", "data", "records", "results"] as const;

/** Throws LatchError `invalid_records` naming `source`. */
export function recordList(text: string, source: string): readonly unknown[] {
  const whole = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  // A download that failed leaves such a file: it does not say that there are none.
  if (whole.trim() === "") {
    const message =
      `${source} is empty, as a failed download leaves it; where there truly are no records, ` +
      "such as behind jq -c '.[]' of an empty list, it has to be []";
    throw new LatchError("invalid_records", message);
  }
  const document = parseJsonText(whole);
  if (document !== undefined) return recordsOf(document);
  const lines = whole.split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const record = parseJsonText(line);
    if (record !== undefined) return recordsOf(record);
    const where = lines.length === 1 ? "" : `, row ${index + 1}`;
    throw new LatchError("invalid_records", `${source} is neither JSON nor JSONL${where}`);
  });
}

/** An object without a list is a record by itself. */
function recordsOf(document: unknown): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const page = fieldsOf(document);
  const name = page && LISTS.find((list) => Array.isArray(page[list]));
  return name === undefined ? [document] : (page?.[name] as readonly unknown[]);
}
