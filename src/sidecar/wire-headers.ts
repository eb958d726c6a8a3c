/**
 * Which headers cross the sidecar. Header lists are flat (`name, value, name, value`), in the order
 * and spelling of the wire, so that what passes is not rewritten on the way.
 *
 * 1. Headers about one connection end with it: the fixed set and whatever Connection names.
 * 2. The bot's credentials end here. The broker's are added to every request, and nowhere else.
 */

export type HeaderList = readonly string[];

export interface BrokerKeys {
  readonly keyId: string;
  readonly secret: string;
}

/** RFC 9110, section 7.6.1, and what older proxies speak. `proxy-*` is matched by its beginning. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const NONE: ReadonlySet<string> = new Set();

const KEY_ID_HEADER = "APCA-API-KEY-ID";
const SECRET_HEADER = "APCA-API-SECRET-KEY";

/** What says who a client is; of use to nobody behind the door. */
export const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  "apca-api-key-id",
  "apca-api-secret-key",
  "authorization",
  "cookie",
  "proxy-authorization",
  "tradelatch-operator-key",
]);

/**
 * Headers by which some servers take one path for another. Some proxies add them by themselves, so
 * that they are no reason to refuse a request.
 */
const PATH_OVERRIDES = ["x-original-url", "x-rewrite-url"] as const;

/** Host is the broker's own; Expect was answered when the request was taken. */
const REPLACED: ReadonlySet<string> = new Set([
  ...CREDENTIAL_HEADERS,
  ...PATH_OVERRIDES,
  ...["host", "expect"],
]);

/** Headers by which some servers take one method for another. */
export const METHOD_OVERRIDES: readonly string[] = [
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
];

/** What goes to the broker in the place of `raw`. */
export function headersForBroker(raw: HeaderList, keys: BrokerKeys): string[] {
  const kept = withoutHopByHop(raw, REPLACED);
  return [...kept, KEY_ID_HEADER, keys.keyId, SECRET_HEADER, keys.secret];
}

/** What goes to the bot in the place of `raw`. */
export function headersForBot(raw: HeaderList): string[] {
  return withoutHopByHop(raw, NONE);
}

/** The value of a header that occurs once, or its first. `name` in small letters. */
export function headerValue(raw: HeaderList, name: string): string | undefined {
  const at = raw.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? undefined : raw[at + 1];
}

function withoutHopByHop(raw: HeaderList, others: ReadonlySet<string>): string[] {
  const named = namedByConnection(raw);
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const [spelled = "", value = ""] = [raw[index], raw[index + 1]];
    const name = spelled.toLowerCase();
    const endsHere = HOP_BY_HOP.has(name) || name.startsWith("proxy-") || named.has(name);
    if (!endsHere && !others.has(name)) kept.push(spelled, value);
  }
  return kept;
}

function namedByConnection(raw: HeaderList): ReadonlySet<string> {
  const named = new Set<string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() !== "connection") continue;
    for (const token of (raw[index + 1] ?? "").toLowerCase().split(",")) named.add(token.trim());
  }
  return named;
}
