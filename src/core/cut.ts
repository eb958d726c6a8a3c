/**
 * What ends a request that has not ended. It may be wanted before there is anything to end, and the
 * request may come to be carried by one after the other.
 */
export class Cut {
  #reason: Error | undefined;
  #carry: (reason: Error) => void = () => undefined;

  /** Whoever carries the request is told once, also where it was cut before; the last one asks. */
  whenCut(carry: (reason: Error) => void): void {
    this.#carry = carry;
    if (this.#reason !== undefined) carry(this.#reason);
  }

  cut(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#carry(reason);
  }
}
