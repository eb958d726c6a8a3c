/** Which symbols have no current bars, and why: the feed is stale while there is one. */
export class Staleness {
  readonly #reasons = new Map<string, string>();

  has(symbol: string): boolean {
    return this.#reasons.has(symbol);
  }

  /** Whether the feed has become stale by it. */
  mark(symbol: string, reason: string): boolean {
    const wasCurrent = this.#reasons.size === 0;
    this.#reasons.set(symbol, reason);
    return wasCurrent;
  }

  /** Whether the feed is current again by it. */
  clear(symbol: string): boolean {
    return this.#reasons.delete(symbol) && this.#reasons.size === 0;
  }
}
