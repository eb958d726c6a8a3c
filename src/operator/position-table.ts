/**
 * Every book beside what the broker holds. The broker is asked at most every few seconds, however
 * many people look; where it cannot be read, the last reading stands with its time and the reason.
 */
import { type Book, closable, emptyBook, reservedQuantity } from "../book/book.ts";
import type { Broker, BrokerPosition } from "../broker/broker.ts";
import type { Clock, EpochMs } from "../core/clock.ts";
import { type DecimalText, subtract, ZERO } from "../core/decimal.ts";
import type { AccountId } from "../core/ids.ts";
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
  /** When the broker's positions were read; null: never yet. */
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

/** How long a reading stands. */
export const READING_STANDS_MS = 10_000;

export class PositionReader {
  readonly #ports: PositionTablePorts;
  #triedAt: EpochMs | undefined;
  #trying: Promise<void> | undefined;
  #readAt: EpochMs | null = null;
  #positions: readonly BrokerPosition[] = [];
  #unreadBecause: string | null = null;

  constructor(ports: PositionTablePorts) {
    this.#ports = ports;
  }

  async read(): Promise<PositionTable> {
    await this.#freshen();
    const { ledger, account } = this.#ports;
    const books = await ledger.books(account);
    const [readAt, unreadBecause] = [this.#readAt, this.#unreadBecause];
    const positions = readAt === null ? undefined : this.#positions;
    return { rows: positionRows(account, books, positions), readAt, unreadBecause };
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
    const reading = await this.#ports.broker.positions("other");
    this.#unreadBecause = reading.kind === "unknown" ? reading.reason : null;
    if (reading.kind === "unknown") return;
    this.#positions = reading.value;
    this.#readAt = now;
  }
}

/** By symbol, those that somebody holds first; `positions` are undefined where nobody read them. */
export function positionRows(
  account: AccountId,
  books: readonly Book[],
  positions: readonly BrokerPosition[] | undefined,
): readonly PositionRow[] {
  const ours = new Map(books.map((book) => [book.symbol, book]));
  const theirs = new Map((positions ?? []).map((position) => [position.symbol, position]));
  const symbols = [...new Set([...ours.keys(), ...theirs.keys()])].sort();
  return symbols.map((symbol) => {
    const book = ours.get(symbol) ?? emptyBook(account, symbol);
    const broker = theirs.get(symbol) ?? null;
    const held = broker?.quantity ?? ZERO;
    const difference = positions === undefined ? null : subtract(held, book.net);
    const [free, reserved] = [closable(book), reservedQuantity(book)];
    return { symbol, book, closable: free, reserved, broker, difference };
  });
}
