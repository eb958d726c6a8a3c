/**
 * The claims that are not settled, whosever they are. They are few, and are asked for with every
 * update of an order and every new claim: so they are read once, and kept for as long as nobody
 * else has written to the file.
 */
import type { Claim } from "../../claim/claim.ts";
import { claimName } from "../../core/key-names.ts";
import { frozen } from "./frozen.ts";

export class UnsettledClaims {
  /** Undefined where they are to be read. */
  #claims: Map<string, Claim> | undefined;

  forget(): void {
    this.#claims = undefined;
  }

  /** Those that `read` gives, in the order in which they were made, where they are to be read. */
  get(read: () => Iterable<Claim>): Iterable<Claim> {
    if (this.#claims === undefined) {
      this.#claims = new Map();
      for (const claim of read()) this.save(frozen(claim));
    }
    return this.#claims.values();
  }

  /** A claim as it has become. */
  save(claim: Claim): void {
    if (claim.status === "SETTLED") this.#claims?.delete(claimName(claim.key));
    else this.#claims?.set(claimName(claim.key), claim);
  }
}
