/**
 * What must be the same when a guarded action is claimed again under its id: the action itself, and
 * every field of its payload. Of a payload only hashes are kept, each over the claim's id too, so
 * that nothing is learnt from equal hashes of different claims.
 */
import { canonicalHash } from "../identity/canonical-json.ts";
import type { GuardAction, GuardDifference, PayloadFingerprint } from "./guard-action.ts";

/** So many fields have a hash of their own; a larger payload is compared by its first level. */
const PAYLOAD_FIELDS_MAX = 128;
/** Deeper fields are compared as one. */
const DEPTH_MAX = 6;
/** Of 64 hex digits: enough that no two values are ever taken for the same. */
const HASH_DIGITS = 32;

export interface GuardTerms extends Pick<GuardAction, "action"> {
  readonly payload: PayloadFingerprint | null;
}

/** The hashes of `payload`'s fields by their JSON pointers, which begin with `/payload`. */
export function payloadFingerprint(requestId: string, payload: unknown): PayloadFingerprint {
  const whole = fieldsOf("/payload", payload, DEPTH_MAX);
  const first = fieldsOf("/payload", payload, 1);
  const root = [["/payload", payload]] as const;
  const fits = [whole, first, root].find((one) => one.length <= PAYLOAD_FIELDS_MAX) ?? root;
  return Object.fromEntries(
    fits.map(([field, value]) => [
      field,
      canonicalHash([requestId, field, value]).slice(0, HASH_DIGITS),
    ]),
  );
}

type Field = readonly [pointer: string, value: unknown];

function fieldsOf(pointer: string, value: unknown, depth: number): readonly Field[] {
  const members = depth > 0 ? membersOf(value) : [];
  if (members.length === 0) return [[pointer, value]];
  return members.flatMap(([name, member]) =>
    fieldsOf(`${pointer}/${escaped(name)}`, member, depth - 1),
  );
}

/** None where it is compared as one. */
function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [];
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // The pointers to its members would be those of a list's.
  const isLikeList = !Array.isArray(value) && members.every(([name], at) => name === String(at));
  return isLikeList ? [] : members;
}

/** RFC 6901. */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/**
 * The first field in which the two differ. Who claims is no term: it may be another worker. What
 * the second one leaves out it says nothing of; what the first one left out is not known to be the
 * same.
 */
export function guardDifference(
  first: GuardTerms,
  second: GuardTerms,
): GuardDifference | undefined {
  if (first.action !== second.action) {
    return { field: "action", first: first.action, second: second.action };
  }
  const field = payloadDifference(first.payload, second.payload);
  return field === undefined ? undefined : { field, first: null, second: null };
}

function payloadDifference(
  first: PayloadFingerprint | null,
  second: PayloadFingerprint | null,
): string | undefined {
  if (second === null) return undefined;
  if (first === null) return "/payload";
  const fields = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
  return fields.find((field) => first[field] !== second[field]);
}
