/**
 * Takes secrets out of what is told. A client can put its secret anywhere, into a path for
 * instance, and our messages quote what they received: so what quotes it goes through here first.
 */
import { withoutSecret } from "../core/without-secret.ts";

/** Longer quotations are cut, after masking: half a secret would not be recognized. */
const MAX_CHARACTERS = 300;

export class SecretMask {
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[]) {
    // Longest first: one secret may begin with another.
    this.#secrets = [...new Set(secrets.flatMap(spellings))]
      .filter((secret) => secret !== "")
      .sort((left, right) => right.length - left.length);
  }

  mask(text: string): string {
    return this.#secrets.reduce(withoutSecret, text);
  }

  /** Masked and of bounded length: for quoting what a client sent. */
  quote(text: string): string {
    const masked = this.mask(text);
    return masked.length > MAX_CHARACTERS ? `${masked.slice(0, MAX_CHARACTERS)}…` : masked;
  }
}

/** As it is, as a URL has it, as JSON has it, and as JSON has a text that quotes JSON. */
function spellings(secret: string): readonly string[] {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const quoted = inJson(secret);
  return [secret, encodeURIComponent(secret), quoted, inJson(quoted)];
}
