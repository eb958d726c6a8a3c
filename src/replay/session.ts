/**
 * Loads a session file. Whatever is wrong with it is told in one line that names the file, the
 * field, the value received and what is expected; nothing is mended or left out.
 * What a row holds is in `session-rows.ts`, how it is read in `session-schema.ts`, and how rows
 * must fit together in `session-agreement.ts`.
 */
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { LatchError } from "../core/errors.ts";
import { bundledPath, bundledSessions, DEFAULT_SESSION } from "./bundled-sessions.ts";
import { disagreement, type Problem } from "./session-agreement.ts";
import type { Session } from "./session-rows.ts";
import { sessionSchema } from "./session-schema.ts";

export { DEFAULT_SESSION } from "./bundled-sessions.ts";
export type {
  BrokerFaultEvent,
  CloseOrderEvent,
  EntriesWantedEvent,
  FaultRule,
  Instance,
  Mark,
  OpeningPosition,
  OpenOrderEvent,
  OrderEvent,
  Session,
  SessionEvent,
  StoreFaultEvent,
} from "./session-rows.ts";
export { checkTimes, epochOf, wallTimeOf } from "./session-time.ts";

const RECEIVED_MAX = 80;
/** A day, or a day or month with words behind it: the name of a session and of no file. */
const NAME = /^\d{4}-\d{2}(-\d{2})?(-[a-z]+)*$/;

/**
 * The file that an argument means: a bare day or name (`2026-05-22`, `2026-05-21-store-refuses`) is
 * one of the package's own sessions, anything else is a path as it stands, and nothing at all is
 * {@link DEFAULT_SESSION}.
 * Throws LatchError `file_unreadable` for a name that the package does not have.
 */
export function sessionPath(argument: string = DEFAULT_SESSION): string {
  if (!NAME.test(argument)) return argument;
  const names = bundledSessions();
  if (names.includes(argument)) return bundledPath(argument);
  throw new LatchError(
    "file_unreadable",
    `no session of ${argument} comes with this package, only ${names.join(", ")}`,
  );
}

/** Throws LatchError `file_unreadable` or `invalid_session`. */
export function loadSession(path: string): Session {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LatchError(
      "file_unreadable",
      oneLine(`cannot read session ${JSON.stringify(path)}: ${reason}`),
      { cause },
    );
  }
  return parseSession(content, path);
}

/**
 * Reads a session from JSON text; `source` names it in messages.
 * Throws LatchError `invalid_session` for the first thing that is wrong.
 */
export function parseSession(text: string, source: string): Session {
  const document = parseJson(text, source);
  const parsed = sessionSchema.safeParse(document);
  if (!parsed.success) throw invalid(source, problemOf(parsed.error, document));
  const problem = disagreement(parsed.data);
  if (problem !== undefined) throw invalid(source, problem);
  return parsed.data;
}

function parseJson(text: string, source: string): unknown {
  try {
    // Some editors begin a file with a mark of the order of its bytes.
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LatchError(
      "invalid_session",
      oneLine(`session ${JSON.stringify(source)}: not JSON: ${reason}`),
      { cause },
    );
  }
}

function invalid(source: string, problem: Problem): LatchError {
  const where = pathText(problem.path);
  const received = describe(problem.received);
  return new LatchError(
    "invalid_session",
    oneLine(
      `session ${JSON.stringify(source)}: ${where} is ${received}, expected ${problem.expected}`,
    ),
  );
}

/** The schema's first complaint, with the value looked up where the complaint points. */
function problemOf(error: z.ZodError, document: unknown): Problem {
  const issue = error.issues[0];
  if (issue === undefined) return { path: [], received: document, expected: "a session" };
  const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  const expected = unknownKey === undefined ? expectationOf(issue) : "no field of that name";
  return { path, received: valueAt(document, path), expected };
}

/** The bare expectation, also where the library puts words of its own around it. */
function expectationOf(issue: z.core.$ZodIssue): string {
  return issue.message
    .replace(/^Invalid [a-z ]+[:.] expected |^Too [a-z]+: expected /i, "")
    .replace(/, received \w+$/, "");
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** `events[3].quantity`; a key that is no plain word is quoted. */
function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the document";
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^\w+$/.test(String(key))) text += text === "" ? String(key) : `.${String(key)}`;
    else text += `[${cut(JSON.stringify(String(key)))}]`;
  }
  return text;
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  return typeof value === "number" ? String(value) : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length <= RECEIVED_MAX ? text : `${text.slice(0, RECEIVED_MAX)}...`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}
