/**
 * What a schema expected, in plain words: zod's own messages are for whoever wrote the schema. A
 * message that is none of zod's passes unchanged.
 */

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};
const BOUNDS: Readonly<Record<string, string>> = {
  "<=": "at most",
  "<": "less than",
  ">=": "at least",
  ">": "more than",
};
const OPTIONS = /^Invalid option: expected one of (.+)$/;
const TYPE = /^Invalid input: expected (\w+), received \w+$/;
const LITERAL = /^Invalid input: expected (".*")$/;
const BOUND = /^Too (?:big|small): expected \w+ to (?:be|have) ([<>]=?)(\S+)( \w+)?$/;

export function plainExpectation(message: string): string {
  const options = OPTIONS.exec(message)?.[1];
  if (options !== undefined) return `expected ${options.replaceAll('"', "").replaceAll("|", ", ")}`;
  const literal = LITERAL.exec(message)?.[1];
  if (literal !== undefined) return `expected ${literal}`;
  const type = TYPES[TYPE.exec(message)?.[1] ?? ""];
  if (type !== undefined) return `expected ${type}`;
  const [, sign = "", bound, unit = ""] = BOUND.exec(message) ?? [];
  const words = BOUNDS[sign];
  return words === undefined ? message : `expected ${words} ${bound}${unitOf(bound, unit)}`;
}

/** zod says "1 characters". */
function unitOf(count: string | undefined, unit: string): string {
  return count === "1" ? unit.replace(/s$/, "") : unit;
}
