/** The account's watchlists: named lists of symbols, which trade nothing. */
import type { RandomSource } from "../core/random.ts";
import type { Timestamp, TimestampSource } from "./timestamp.ts";

export interface Watchlist {
  readonly id: string;
  readonly name: string;
  readonly symbols: readonly string[];
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
}

export class Watchlists {
  readonly #lists = new Map<string, Watchlist>();
  readonly #random: RandomSource;
  readonly #stamps: TimestampSource;

  constructor(random: RandomSource, stamps: TimestampSource) {
    this.#random = random;
    this.#stamps = stamps;
  }

  all(): Watchlist[] {
    return [...this.#lists.values()];
  }

  find(id: string): Watchlist | undefined {
    return this.#lists.get(id);
  }

  named(name: string): Watchlist | undefined {
    return this.all().find((list) => list.name === name);
  }

  create(name: string, symbols: readonly string[]): Watchlist {
    const at = this.#stamps.next();
    const list = { id: this.#random.uuid(), name, symbols, createdAt: at, updatedAt: at };
    this.#lists.set(list.id, list);
    return list;
  }

  change(list: Watchlist, changes: Partial<Pick<Watchlist, "name" | "symbols">>): Watchlist {
    const changed = { ...list, ...changes, updatedAt: this.#stamps.next() };
    this.#lists.set(list.id, changed);
    return changed;
  }

  remove(list: Watchlist): void {
    this.#lists.delete(list.id);
  }
}
