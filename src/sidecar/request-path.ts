/**
 * The one reading of a request's path. What is judged by the route policy is this path, and what is
 * sent to the broker is this path again, so no second reading can differ from the first.
 *
 * 1. Idempotent: a normalized path normalizes to itself; no `//`, no dot segment, no last slash.
 * 2. Anything that two servers read in two ways is refused, not repaired: encoded slashes,
 *    backslashes, path parameters, double encoding, control characters, malformed UTF-8. An
 *    action's own id is read here alone, and may hold whatever its client has escaped but control
 *    characters.
 * 3. Letters keep their case: a server that ignores case would take `/V2/Orders` for the orders.
 * 4. The query is not touched.
 */

export type RequestPath =
  | {
      readonly kind: "path";
      readonly path: string;
      /** As it was received, without the question mark. */
      readonly query: string;
      /** It ended with a slash or a dot segment: a name may be missing there. */
      readonly endsBare?: true;
    }
  | {
      readonly kind: "refused";
      readonly reason: string;
      /** It names an action, as a guard's client without a key may. */
      readonly namesAction?: true;
    };

/** What RFC 3986 allows in a path, less `;`: some servers cut a segment off there. */
const FOREIGN_CHARACTER = /[^A-Za-z0-9\-._~!$&'()*+,=:@%/]/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
/** Control characters, the percent sign itself, the semicolon and the backslash. */
const HIDDEN_CHARACTER = /%(?:[01][0-9A-F]|7F|25|3B|5C)/i;
const HIDDEN_IN_NAME = "the id in the path holds a control character: send it in the body";
const HIDDEN = "the path hides a character behind a percent-escape";
const ENCODED_SLASH = /%2F/i;
/** What names an action goes to no other server: `/settle/welcome%2Fada`. */
const NAME_OF_ACTION = /^\/(?:claims|settle|release)\/[^/]+$/;
const ESCAPED_IN_NAME = /%(?:25|2F|3B|5C)/gi;
/** How the official JavaScript SDK writes a crypto pair: `/v2/assets/BTC%2FUSD`. */
const CURRENCY_PAIR = /^[A-Za-z0-9]+%2F[A-Za-z0-9]+$/i;
/** A pair names something in a collection, as in `/v2/assets/...`; earlier it would be a route. */
const PAIR_EARLIEST_INDEX = 2;
/** Behind the last slash stands nothing, or a dot segment. */
const BARE_END = /\/\.{0,2}$/;
/** Visible ASCII and what clients send above it unescaped. */
const NOT_IN_QUERY = /[^\x21-\xff]|\x7f/;

/**
 * Reads a request target in origin form, such as `//v2/%6frders/?status=open`.
 *
 * @example
 * normalizePath("//v2/%6frders/?status=open");
 * // { kind: "path", path: "/v2/orders", query: "status=open" }
 */
export function normalizePath(rawUrl: string): RequestPath {
  if (!rawUrl.startsWith("/")) return refused("the request target is not a path");
  if (rawUrl.includes("#")) return refused("the request target holds a fragment");
  const mark = rawUrl.indexOf("?");
  const rawPath = mark === -1 ? rawUrl : rawUrl.slice(0, mark);
  const query = mark === -1 ? "" : rawUrl.slice(mark + 1);
  const isName = NAME_OF_ACTION.test(rawPath);
  const fault = faultOf(isName ? rawPath.replace(ESCAPED_IN_NAME, "_") : rawPath);
  if (fault !== undefined && isName) return { ...refused(ofName(fault)), namesAction: true };
  if (fault !== undefined) return refused(fault);
  if (NOT_IN_QUERY.test(query)) return refused("the query holds a character no URL may hold");
  const decoded = decodeUnreserved(rawPath);
  const segments = resolvedSegments(decoded);
  if (!isName && segments.some((segment, index) => !isPlain(segment, index, segments.length))) {
    return refused("the path holds an encoded slash");
  }
  const path = `/${segments.join("/")}`;
  return { kind: "path", path, query, ...(BARE_END.test(decoded) ? { endsBare: true } : {}) };
}

/** The request target that stands for both. */
export function requestTarget(path: string, query: string): string {
  return query === "" ? path : `${path}?${query}`;
}

function faultOf(rawPath: string): string | undefined {
  if (FOREIGN_CHARACTER.test(rawPath)) return "the path holds a character no path may hold";
  if (BROKEN_ESCAPE.test(rawPath)) return "the path holds a broken percent-escape";
  if (HIDDEN_CHARACTER.test(rawPath)) return HIDDEN;
  // Overlong forms of a slash are not UTF-8, and lenient servers decode them nevertheless.
  if (!isUtf8(rawPath)) return "the path holds percent-escapes that are not UTF-8";
  return undefined;
}

/** What else could be hidden there may stand in a name. */
function ofName(fault: string): string {
  return fault === HIDDEN ? HIDDEN_IN_NAME : fault;
}

function decodeUnreserved(rawPath: string): string {
  return rawPath.replace(ESCAPE, (escaped, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : escaped;
  });
}

/** Empty and dot segments removed; `..` takes the segment before it along, as in RFC 3986. */
function resolvedSegments(path: string): readonly string[] {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments;
}

function isPlain(segment: string, index: number, count: number): boolean {
  if (!ENCODED_SLASH.test(segment)) return true;
  const isLast = index === count - 1;
  return isLast && index >= PAIR_EARLIEST_INDEX && CURRENCY_PAIR.test(segment);
}

function isUtf8(rawPath: string): boolean {
  try {
    decodeURIComponent(rawPath);
    return true;
  } catch {
    return false;
  }
}

function refused(reason: string): Extract<RequestPath, { readonly kind: "refused" }> {
  return { kind: "refused", reason };
}
