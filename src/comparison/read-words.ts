/** What a record's own words for its state come to. A word that is not known says nothing. */
import { type Fields, RecordFields } from "./record-fields.ts";
import type { RecordedClaim, Says } from "./recorded.ts";

const WORDS: Readonly<Record<Says, readonly string[]>> = {
  done: [
    ...["filled", "partially_filled", "committed", "settled", "success", "succeeded"],
    ...["complete", "completed", "executed", "done", "ok"],
  ],
  working: ["accepted", "new", "working", "submitted", "sent", "pending_new", "held"],
  ended_empty: ["canceled", "cancelled", "expired"],
  refused: ["rejected", "refused", "failed", "failure", "error", "denied", "blocked"],
  not_there: ["not_sent", "absent", "already_flat", "aborted", "released"],
  open: [
    ...["pending", "open", "unknown", "in_reconciliation", "resolved", "final", "claimed"],
    ...["proceed", "in_progress", "ambiguous", "timeout"],
  ],
  skipped: ["skip", "skipped", "duplicate", "duplicate_blocked", "deduplicated", "replayed"],
};

const SAYS = new Map<string, Says>(
  Object.entries(WORDS).flatMap(([says, words]) => words.map((word) => [word, says as Says])),
);
/** Words that speak of shares, and not only of an action. */
const FILL_WORDS: ReadonlySet<string> = new Set(["filled", "partially_filled"]);
const DUPLICATE = /\bduplicate|\balready (done|claimed|sent|executed)/i;

type Said = Pick<
  RecordedClaim,
  "says" | "word" | "saysFilled" | "saysAllFilled" | "isSkipTakenForSuccess"
>;

interface Known {
  readonly hasFill: boolean;
  readonly hasOrder: boolean;
}

/** The outcome before the state, and a more exact result before "committed". */
export function saidIn(record: Fields, results: readonly Fields[], known: Known): Said {
  const own = new RecordFields("", [record]);
  const inside = new RecordFields("", results);
  const outcome = wordOf(own.text(["outcome"]));
  const state = wordOf(own.text(["status", "state"]));
  const answer = wordOf(own.text(["answer", "decision", "verdict", "result"]));
  const result = wordOf(inside.text(["outcome", "status", "state", "answer", "decision"]));
  const flag = flagIn(record, results);
  const words = [outcome, state, answer, result, flag].filter((word) => word !== null);
  const said = words.map((word) => SAYS.get(word));
  const saysFilled = known.hasFill || words.some((word) => FILL_WORDS.has(word));
  const saysAllFilled = words.includes("filled");
  const word = outcome ?? state ?? answer ?? result ?? flag;
  if (said.includes("skipped") || (said.includes("refused") && isForADuplicate(own))) {
    const isSkipTakenForSuccess = said.includes("done") || known.hasFill;
    return { says: "skipped", word, saysFilled, saysAllFilled, isSkipTakenForSuccess };
  }
  const first = said.find((says) => says !== undefined) ?? "open";
  const told = first === "done" && outcome === null ? [result, answer, flag].map(saysOf) : [];
  const exact = told.find((says) => says !== undefined && says !== "open");
  const isWorking = state === "in_reconciliation" && outcome === null && known.hasOrder;
  const says = isWorking ? "working" : (exact ?? first);
  return { says, word, saysFilled, saysAllFilled, isSkipTakenForSuccess: false };
}

export function isKnownWord(word: string | null): boolean {
  return word !== null && SAYS.has(word);
}

/** `"success": true`, in the record or in its result. */
function flagIn(record: Fields, results: readonly Fields[]): string | null {
  const flag = new RecordFields("", [record, ...results]).value(["success", "succeeded"]);
  if (typeof flag !== "boolean") return null;
  return flag ? "success" : "failure";
}

/** Text of several words is none that is known. */
function wordOf(text: string | null): string | null {
  return text === null ? null : text.toLowerCase().replaceAll("-", "_");
}

function saysOf(word: string | null): Says | undefined {
  return word === null ? undefined : SAYS.get(word);
}

function isForADuplicate(own: RecordFields): boolean {
  const texts = [["reason"], ["cause"], ["code"], ["message"], ["result"]];
  return texts.some((names) => DUPLICATE.test((own.text(names) ?? "").replaceAll("_", " ")));
}
