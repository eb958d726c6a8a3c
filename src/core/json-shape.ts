/**
 * What makes JSON from outside unfit, whatever its fields mean. A text may be nested as deep as its
 * length allows, and most of what reads or writes JSON uses the stack.
 */

const LONE_SURROGATE = /\p{Surrogate}/u;
/** A list of brackets has five levels; what is nested much deeper is no order. */
export const DEEPEST_JSON = 16;

/** Whether `value` is nested more than {@link DEEPEST_JSON} levels deep. */
export function isTooDeep(value: unknown, levelsLeft = DEEPEST_JSON): boolean {
  if (!isObject(value)) return false;
  if (levelsLeft < 0) return true;
  // In a loop that makes nothing: every list of orders goes through here.
  for (const name in value) {
    if (isTooDeep((value as Readonly<Record<string, unknown>>)[name], levelsLeft - 1)) return true;
  }
  return false;
}

/**
 * Whether every text and every name in `value` is well-formed Unicode: a lone surrogate has no
 * UTF-8 bytes, so two texts with one could share a hash, and the wire would carry another text.
 */
export function isWellFormed(value: unknown): boolean {
  for (let level: unknown[] = [value]; level.length > 0; level = level.flatMap(membersOf)) {
    if (level.some(hasLoneSurrogate)) return false;
  }
  return true;
}

/** The first integer in `value` that may have had other digits before it was read. */
export function unsafeInteger(value: unknown): number | undefined {
  for (let level: unknown[] = [value]; level.length > 0; level = level.flatMap(membersOf)) {
    const found = level.find((one) => Number.isInteger(one) && !Number.isSafeInteger(one));
    if (found !== undefined) return found as number;
  }
  return undefined;
}

function hasLoneSurrogate(value: unknown): boolean {
  if (typeof value === "string") return LONE_SURROGATE.test(value);
  return isObject(value) && Object.keys(value).some((name) => LONE_SURROGATE.test(name));
}

function membersOf(value: unknown): unknown[] {
  return isObject(value) ? Object.values(value) : [];
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
