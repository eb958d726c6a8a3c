/**
 * One connection that is never replaced beneath whoever uses it.
 *
 * A driver that quietly connects again would carry out the rest of a transaction without its
 * beginning: each statement for itself, and without the lock. And what it had left over of the
 * connection that was cut it would take for answers. So once this connection is closed nothing more
 * is said on it, whatever was still to be said fails, and it is not opened again.
 *
 * The same goes for one on which a statement has failed: the driver counts the rows that came
 * before the failure among those of the next answer, which has then failed for whoever waits.
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
  /** The server's process that has let us in, as it said: a pooler says a number of its own. */
  readonly processId: number | undefined;
  /** Statements without parameters and without answers. */
  run(text: string): Promise<void>;
  ask<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]>;
  /** What is asked is prepared: the name that we give it, once it was asked. */
  preparedAs(text: string, parameters: readonly Parameter[]): Promise<string>;
}

/**
 * Where the server warns from that it has given up waiting for its replica, as somebody told it to:
 * the commit then counts as answered, and a fail-over would forget it. Its words may be translated.
 */
const COMMITTED_HERE_ALONE = "SyncRepWaitForLSN";

/** Without parameters too: those the driver has understood and planned anew each time. */
const PREPARED: postgres.UnsafeQueryOptions & { readonly simple: false } = {
  prepare: true,
  simple: false,
};

/**
 * The driver says a statement again that the server has forgotten, behind whatever it has said
 * meanwhile: a write of a transaction would be carried out by itself, once that is over.
 */
const SAID_ONCE: PropertyDescriptor = {
  set() {
    const message =
      "the server has forgotten a statement that was prepared on this connection: a pooler in " +
      "front of it has to keep those (PgBouncer: max_prepared_statements)";
    throw new LatchError("store_failed", message);
  },
};

export class DedicatedConnection implements Session {
  readonly #sql: Sql;
  readonly place: string;
  #processId: number | undefined;
  #connection: Pick<Sql, "unsafe"> | undefined;
  /** Those who wait for an answer; they are told when none can come any more. */
  readonly #waiting = new Set<(error: unknown) => void>();
  #isClosed = false;
  #ending: Promise<void> | undefined;
  #answers = 0;

  constructor(options: Options, place: string) {
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

  /**
   * For transactions, or for reads that `share` it: of those the driver says as many at once as
   * there are. Rejects where there is no server, where it does not let us in, and once it is given
   * up: a server, or a pooler in front of it, may let us in and say nothing more.
   */
  async open(share = false): Promise<this> {
    try {
      // The driver reserves only a connection that is there.
      const { state } = await this.#untilClosed(this.#sql.unsafe("SELECT 1"));
      this.#processId = state.pid;
      const reserved = share ? this.#sql : await this.#untilClosed(this.#sql.reserve());
      this.#connection = reserved;
      this.#live();
      return this;
    } catch (error) {
      this.giveUp();
      throw error;
    }
  }

  get processId(): number | undefined {
    return this.#processId;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many there were on it so far. */
  get answers(): number {
    return this.#answers;
  }

  async run(text: string): Promise<void> {
    await this.#untilClosed(this.#live().unsafe(text).execute());
  }

  async ask<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    return (await this.#asked(text, parameters)) as unknown as readonly Row[];
  }

  async preparedAs(text: string, parameters: readonly Parameter[]): Promise<string> {
    return (await this.#asked(text, parameters)).statement.name;
  }

  #asked(
    text: string,
    parameters: readonly Parameter[],
  ): Promise<postgres.RowList<postgres.Row[]>> {
    const question = this.#live().unsafe(text, [...parameters], PREPARED);
    Object.defineProperty(question, "retried", SAID_ONCE);
    // At once, and not when somebody listens: what is said first must go out first.
    return this.#untilClosed(question.execute());
  }

  /** The server is told so; once, though everything that waits on it fails with it. */
  end(): Promise<void> {
    this.#close();
    this.#ending ??= this.#sql.end({ timeout: 0 });
    return this.#ending;
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
          this.#answers += 1;
          resolve(value);
        },
        (error: unknown) => {
          heard();
          reject(error);
          this.giveUp();
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
