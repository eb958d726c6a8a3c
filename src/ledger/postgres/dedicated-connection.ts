/**
 * One connection, for one transaction at a time, that is never replaced beneath whoever uses it.
 *
 * A driver that quietly connects again would carry out the rest of a transaction without its
 * beginning: each statement for itself, and without the lock. So once this connection is closed
 * nothing more is said on it, whatever was still to be said fails, and it is not opened again.
 */
import postgres from "postgres";
import { LatchError } from "../../core/errors.ts";

/** Numbers of 8 bytes come as numbers: ours are counters and times. */
export type Sql = postgres.Sql<{ readonly number: number }>;
export type Options = postgres.Options<{ readonly number: postgres.PostgresType<number> }>;
export type Parameter = string | number | null;

/** A connection in use by one transaction; what is not awaited goes out together, in order. */
export interface Session {
  /** Where the store is, for people: without the password. */
  readonly place: string;
  /** Statements without parameters and without answers. */
  run(text: string): Promise<void>;
  ask<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]>;
}

/**
 * Where the server warns from that it has given up waiting for its replica, as somebody told it to:
 * the commit then counts as answered, and a fail-over would forget it. Its words may be translated.
 */
const COMMITTED_HERE_ALONE = "SyncRepWaitForLSN";

export class DedicatedConnection implements Session {
  readonly #sql: Sql;
  readonly place: string;
  #connection: Pick<Sql, "unsafe"> | undefined;
  /** Those who wait for an answer; they are told when none can come any more. */
  readonly #waiting = new Set<(error: unknown) => void>();
  #isClosed = false;

  private constructor(options: Options, place: string) {
    this.place = place;
    this.#sql = postgres({
      ...options,
      max: 1,
      onclose: () => this.#close(),
      onnotice: ({ routine }) => {
        if (routine === COMMITTED_HERE_ALONE) this.giveUp();
      },
    });
  }

  /** Rejects where there is no server, or where it does not let us in. */
  static async open(options: Options, place: string): Promise<DedicatedConnection> {
    const opened = new DedicatedConnection(options, place);
    try {
      // The driver reserves only a connection that is there.
      await opened.#untilClosed(opened.#sql.unsafe("SELECT 1"));
      opened.#connection = await opened.#untilClosed(opened.#sql.reserve());
      opened.#live();
      return opened;
    } catch (error) {
      opened.giveUp();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async run(text: string): Promise<void> {
    await this.#untilClosed(this.#live().unsafe(text).execute());
  }

  async ask<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    return this.#untilClosed(asked<Row>(this.#live(), text, parameters));
  }

  /** The server is told so. */
  async end(): Promise<void> {
    this.#close();
    await this.#sql.end({ timeout: 0 });
  }

  /** Whatever is under way on it fails, and nobody waits for it. */
  giveUp(): void {
    this.end().catch(() => undefined);
  }

  #live(): Pick<Sql, "unsafe"> {
    if (this.#isClosed || this.#connection === undefined) throw this.#failure();
    return this.#connection;
  }

  /** Not by a race with one promise of the connection's life: that would keep every answer. */
  #untilClosed<Value>(answer: PromiseLike<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) reject(this.#failure());
      this.#waiting.add(reject);
      const heard = () => this.#waiting.delete(reject);
      answer.then(
        (value) => {
          heard();
          resolve(value);
        },
        (error: unknown) => {
          heard();
          reject(error);
        },
      );
    });
  }

  #close(): void {
    this.#isClosed = true;
    for (const reject of this.#waiting) reject(this.#failure());
    this.#waiting.clear();
  }

  #failure(): LatchError {
    const message = `the connection to the ledger at ${this.place} was closed`;
    return new LatchError("store_unreachable", message);
  }
}

export async function asked<Row>(
  sql: Pick<Sql, "unsafe">,
  text: string,
  parameters: readonly Parameter[],
): Promise<readonly Row[]> {
  // At once, and not when somebody listens: what is said first must go out first.
  const rows = await sql.unsafe(text, [...parameters], { prepare: true }).execute();
  return rows as unknown as readonly Row[];
}
