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
  if (document !== undefined) return recordsOf(document, source);
  const lines = whole.split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const record = parseJsonText(line);
    const row = `row ${index + 1}`;
    if (record !== undefined) return recordsOf(record, `${source}, ${row}`);
    const where = lines.length === 1 ? "" : `, ${row}`;
    throw new LatchError("invalid_records", `${source} is neither JSON nor JSONL${where}`);
  });
}

/** An object without a list is a record by itself; of one with several nobody can say which. */
function recordsOf(document: unknown, source: string): readonly unknown[] {
  if (Array.isArray(document)) return document;
  const page = fieldsOf(document);
  const [name, ...others] = LISTS.filter((list) => Array.isArray(page?.[list]));
  if (name === undefined) return [document];
  if (others.length === 0) return page?.[name] as readonly unknown[];
  const lists = [name, ...others].join(" and ");
  const message = `${source} has several lists, ${lists}: give the one that is meant by itself`;
  throw new LatchError("invalid_records", message);
}
