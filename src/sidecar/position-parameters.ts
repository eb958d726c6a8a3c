/**
 * What may be asked of positions that are to be closed, in the query alone. Pure. What the broker
 * would not see, or could read in two ways, is refused: where an amount is not seen, all is sold.
 */
import { asJsonObject, parseJsonText } from "../core/json-text.ts";

/** What is said of one position: the broker may not look at it where all are to be closed. */
const OF_ONE = ["qty", "percentage"] as const;
/** What may be asked for, each once: of two values the broker might take the other. */
const PARAMETERS: readonly string[] = ["cancel_orders", ...OF_ONE];
const QUOTED_CHARACTERS = 64;

export interface AskedOfPositions {
  readonly query: URLSearchParams;
  readonly body: string;
  /** Whether the path names no position. */
  readonly isOfAll: boolean;
}

/** Why it cannot be taken, in a sentence; undefined where it can. */
export function faultInParameters({ query, body, isOfAll }: AskedOfPositions): string | undefined {
  const twice = PARAMETERS.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) return `expected ${twice} at most once`;
  const misspelt = [...query.keys()].find(isMisspelt);
  if (misspelt !== undefined) {
    return `the parameter ${quoted(misspelt)} is to be written in small letters`;
  }
  const part = OF_ONE.find((name) => query.has(name));
  if (isOfAll && part !== undefined) {
    return `${part} is for one position: send it to /v2/positions/{symbol}`;
  }
  const unread = saidIn(body).find(([name, value]) => !isSame(value, query.get(name)));
  return unread && `${unread[0]} is read from the query, and not from the body`;
}

export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, QUOTED_CHARACTERS));
}

function isMisspelt(name: string): boolean {
  return !PARAMETERS.includes(name) && PARAMETERS.includes(name.toLowerCase());
}

/** What a body says of them, as JSON or as a form; a client may say there what the query says. */
function saidIn(body: string): readonly (readonly [name: string, value: string])[] {
  const fields = asJsonObject(parseJsonText(body)) ?? Object.fromEntries(new URLSearchParams(body));
  return Object.entries(fields).flatMap(([name, value]) => {
    const known = PARAMETERS.includes(name.toLowerCase());
    const said = typeof value === "string" ? value : JSON.stringify(value);
    return known && said !== "null" && said !== "" ? [[name.toLowerCase(), said]] : [];
  });
}

function isSame(said: string, asked: string | null): boolean {
  return said.toLowerCase() === asked?.toLowerCase();
}
