/**
 * The key that a client shows in its headers. Alpaca's pair of headers comes first, because that is
 * what nearly every client sends; then Authorization, as a bearer token or in the basic scheme.
 * Node joins repeated headers with a comma, so a key sent twice is a key that nobody has.
 */
import type { IncomingHttpHeaders } from "node:http";

export interface PresentedKey {
  /** Absent for a bearer token, which is a secret alone. */
  readonly id: string | undefined;
  readonly secret: string;
}

const BEARER = /^Bearer +(\S+) *$/i;
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i;

/** What a person shows, beside or in the place of a bot's key. */
const OPERATOR_KEY_HEADER = "tradelatch-operator-key";

export function presentedOperatorKey(headers: IncomingHttpHeaders): string | undefined {
  return single(headers[OPERATOR_KEY_HEADER]);
}

export function presentedKey(headers: IncomingHttpHeaders): PresentedKey | undefined {
  const id = single(headers["apca-api-key-id"]);
  const secret = single(headers["apca-api-secret-key"]);
  if (id !== undefined || secret !== undefined) {
    return id && secret ? { id, secret } : undefined;
  }
  const { authorization = "" } = headers;
  const bearer = BEARER.exec(authorization)?.[1];
  if (bearer !== undefined) return { id: undefined, secret: bearer };
  const basic = BASIC.exec(authorization)?.[1];
  return basic === undefined ? undefined : basicKey(basic);
}

function basicKey(encoded: string): PresentedKey | undefined {
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1 || colon === text.length - 1) return undefined;
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}
