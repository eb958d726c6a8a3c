/**
 * Who may use the simulated account: one configured pair of key and secret or, without one,
 * anybody who presents something. These are play credentials; nothing here protects anything.
 */

export interface PresentedKeys {
  readonly keyId: string | undefined;
  readonly secret: string | undefined;
  /** From `Authorization: Bearer`; compared with the secret. */
  readonly token: string | undefined;
}

export class Credentials {
  readonly #keyId: string | undefined;
  readonly #secret: string | undefined;

  constructor(keyId: string | undefined, secret: string | undefined) {
    this.#keyId = keyId;
    this.#secret = secret;
  }

  accepts({ keyId, secret, token }: PresentedKeys): boolean {
    if (this.#keyId === undefined && this.#secret === undefined) {
      return Boolean(token) || (Boolean(keyId) && Boolean(secret));
    }
    if (token) return token === this.#secret;
    return keyId === this.#keyId && secret === this.#secret;
  }
}

/** The credentials in the headers of a request. */
export function keysFromHeaders(headers: Record<string, string | string[] | undefined>) {
  const text = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return {
    keyId: text("apca-api-key-id"),
    secret: text("apca-api-secret-key"),
    token: /^Bearer\s+(.+)$/i.exec(text("authorization") ?? "")?.[1],
  } satisfies PresentedKeys;
}
