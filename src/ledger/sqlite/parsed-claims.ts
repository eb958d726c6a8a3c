/**
 * Claims by the text of their rows. An order's claim is read a handful of times within a moment,
 * by the same text; parsing that takes longer than finding it. What a row says decides, always: a
 * row that another process has written has another text.
 */
import type { Claim } from "../../claim/claim.ts";

/** So many claims are kept, the latest ones. */
const KEPT_MAX = 512;

export class ParsedClaims {
  readonly #parse: (body: string) => Claim;
  readonly #claims = new Map<string, Claim>();

  /** `parse` throws for a text that is no claim's. */
  constructor(parse: (body: string) => Claim) {
    this.#parse = parse;
  }

  /** The claim that `body` says; the same object for the same text, so nobody may change it. */
  of(body: string): Claim {
    const known = this.#claims.get(body);
    if (known !== undefined) return known;
    const claim = this.#parse(body);
    this.#keep(body, claim);
    return claim;
  }

  /** The text of `claim`, which will be asked for next. */
  textOf(claim: Claim): string {
    const body = JSON.stringify(claim);
    this.#keep(body, claim);
    return body;
  }

  #keep(body: string, claim: Claim): void {
    if (this.#claims.size >= KEPT_MAX) {
      const [oldest] = this.#claims.keys();
      if (oldest !== undefined) this.#claims.delete(oldest);
    }
    this.#claims.set(body, claim);
  }
}
