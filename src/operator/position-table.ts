/**
 * Every book beside what the broker holds. The broker is asked at most every few seconds, however
 * many people look. A reading says nothing once the broker could not be read again, nor of a book
 * that has moved since: no quantity is shown then, only when it was read, and the reason.
 */
import { type Book, closable, emptyBook, reservedQuantity } from "../book/book.ts";
import type { Broker, BrokerPosition } from "../broker/broker.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { compare, type DecimalText, subtract, ZERO } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
import { COMBO_SYMBOL } from "../identity/combo.ts";
import type { Ledger } from "../ledger/ledger.ts";

export interface PositionRow {
  readonly symbol: string;
  readonly book: Book;
  readonly closable: DecimalText;
  readonly reserved: DecimalText;
  /** Null where the broker holds none, or was not read. */
  readonly broker: BrokerPosition | null;
  /** What the broker holds beyond the book; null where it was not read. */
  readonly difference: DecimalText | null;
}

export interface PositionTable {
  readonly rows: readonly PositionRow[];
  /** When the broker's positions were last read; null: never yet. */
  readonly readAt: EpochMs | null;
  /** Why the last try to read them failed; null where it did not. */
  readonly unreadBecause: string | null;
}

export interface PositionTablePorts {
  readonly account: AccountId;
  readonly ledger: Pick<Ledger, "books">;
  readonly broker: Pick<Broker, "positions">;
  readonly clock: Clock;
}

/** What the broker held, and what the books did when it was asked. */
export interface PositionReading {
  readonly positions: readonly BrokerPosition[];
  readonly books: readonly Book[];
}

/** How long a reading stands. */
export const READING_STANDS_MS = 10_000;

export class PositionReader {
  readonly #ports: PositionTablePorts;
  #triedAt: EpochMs | undefined;
  #trying: Promise<void> | undefined;
  /** Tries are numbered: an answer that comes after a later try's says nothing. */
  #tries = 0;
  #answered = 0;
  #readAt: EpochMs | null = null;
  #reading: PositionReading = { positions: [], books: [] };
  #unreadBecause: string | null = null;

  constructor(ports: PositionTablePorts) {
    this.#ports = ports;
  }

  async read(): Promise<PositionTable> {
    await this.#freshen();
    const { ledger, account } = this.#ports;
    const books = await ledger.books(account);
    const [readAt, unreadBecause] = [this.#readAt, this.#unreadBecause];
    const isRead = readAt !== null && unreadBecause === null;
    const rows = positionRows(account, books, this.#reading, isRead);
    return { rows, readAt, unreadBecause };
  }

  /** The reading no longer stands: somebody has to see what the broker holds now. */
  forget(): void {
    this.#triedAt = undefined;
  }

  async #freshen(): Promise<void> {
    const now = this.#ports.clock.now();
    const isFresh = this.#triedAt !== undefined && now - this.#triedAt < READING_STANDS_MS;
    if (!isFresh) {
      this.#triedAt = now;
      this.#trying = this.#ask(now);
    }
    await this.#trying;
  }

  async #ask(now: EpochMs): Promise<void> {
    const { ledger, account, broker } = this.#ports;
    this.#tries += 1;
    const nth = this.#tries;
    const books = await ledger.books(account);
    const reading = await broker.positions("other");
    if (nth < this.#answered) return;
    this.#answered = nth;
    this.#unreadBecause = reading.kind === "unknown" ? reading.reason : null;
    if (reading.kind === "unknown") return;
    this.#reading = { positions: reading.value, books };
    this.#readAt = now;
  }
}

/** By symbol; `isRead`: whether the last try to read what the broker holds succeeded. */
function positionRows(
  account: AccountId,
  books: readonly Book[],
  reading: PositionReading,
  isRead: boolean,
): readonly PositionRow[] {
  const ours = new Map(books.map((book) => [book.symbol, book]));
  const before = new Map(reading.books.map((book) => [book.symbol, book]));
  const theirs = new Map(reading.positions.map((position) => [position.symbol, position]));
  // What a spread has bought is held as its contracts.
  const symbols = [...new Set([...ours.keys(), ...theirs.keys()])]
    .filter((symbol) => symbol !== COMBO_SYMBOL)
    .sort();
  return symbols.map((symbol) => {
    const book = ours.get(symbol) ?? emptyBook(account, symbol);
    const shows = isRead && !hasMoved(before.get(symbol) ?? emptyBook(account, symbol), book);
    const broker = shows ? (theirs.get(symbol) ?? null) : null;
    const difference = shows ? subtract(broker?.quantity ?? ZERO, book.net) : null;
    const [free, reserved] = [closable(book), reservedQuantity(book)];
    return { symbol, book, closable: free, reserved, broker, difference };
  });
}

/** An episode that has ended and begun again meanwhile may hold what it held before. */
function hasMoved(before: Book, now: Book): boolean {
  return compare(before.net, now.net) !== 0 || before.episode !== now.episode;
}
