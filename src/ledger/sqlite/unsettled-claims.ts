/**
 * The claims that are not settled, whosever they are. They are few, and are asked for with every
 * update of an order and every new claim: so they are read once, and kept for as long as nobody
 * else has written to the file.
 */
import type { Claim } from "../../claim/claim.ts";
import { claimName } from "../../core/key-names.ts";
import { frozen } from "./frozen.ts";

type ByName = Map<string, Claim>;

export class UnsettledClaims {
  readonly #read: () => Iterable<Claim>;
  /** Undefined where they are to be read. */
  #claims: ByName | undefined;
  /** The same by their fingerprints. */
  readonly #equal = new Map<string, ByName>();

  /** `read`: gives them as the file has them, in the order in which they were made. */
  constructor(read: () => Iterable<Claim>) {
    this.#read = read;
  }

  forget(): void {
    this.#claims = undefined;
    this.#equal.clear();
  }

  all(): Iterable<Claim> {
    return this.#known().values();
  }

  /** Those with this fingerprint, whosever they are. */
  equal(fingerprint: string): Iterable<Claim> {
    this.#known();
    return this.#equal.get(fingerprint)?.values() ?? [];
  }

  /** A claim as it has become. */
  save(claim: Claim): void {
    if (this.#claims !== undefined) this.#put(this.#claims, claim);
  }

  #known(): ByName {
    if (this.#claims === undefined) {
      this.#equal.clear();
      const claims: ByName = new Map();
      for (const claim of this.#read()) this.#put(claims, frozen(claim));
      this.#claims = claims;
    }
    return this.#claims;
  }

  #put(claims: ByName, claim: Claim): void {
    const name = claimName(claim.key);
    const equal = this.#equal.get(claim.fingerprint) ?? new Map<string, Claim>();
    if (claim.status === "SETTLED") {
      claims.delete(name);
      equal.delete(name);
    } else {
      claims.set(name, claim);
      equal.set(name, claim);
    }
    if (equal.size === 0) this.#equal.delete(claim.fingerprint);
    else this.#equal.set(claim.fingerprint, equal);
  }
}
