/**
 * Connections to the server: bounded in number, and in how long anybody waits for one or for an
 * answer on it. A connection on which an answer is overdue is given up, and with it the pool: what
 * was asked on it counts as failed, and nobody waits for it again.
 */
import postgres from "postgres";
import type { Clock } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import { isServerStore, placeOfStore } from "../../core/store-place.ts";
import { TLS_WORDS, tlsOptions } from "./tls-options.ts";

/** One for what is written, the others for reads. */
const CONNECTIONS_MAX = 5;
const CONNECT_TIMEOUT_S = 3;
const RECONNECT_PAUSE_S = 0.1;
/** No transaction of ours, and no read, takes that long on a server that is well. */
const ANSWER_DEADLINE_MS = 5_000;
const INT8 = 20;

/** Numbers of 8 bytes come as numbers: ours are counters and times. */
type Sql = postgres.Sql<{ readonly number: number }>;
type Options = postgres.Options<{ readonly number: postgres.PostgresType<number> }>;

/** A connection in use by one transaction; what is not awaited goes out together. */
export interface Session {
  /** Statements without parameters and without answers. */
  run(text: string): Promise<void>;
  ask<Row>(text: string, parameters: readonly (string | number | null)[]): Promise<readonly Row[]>;
}

/** A reason of our own: without one each abort makes an exception with a stack. */
const OVER = new Error("the wait is over");

export class ConnectionPool {
  /** Where the store is, for people: without the password. */
  readonly place: string;
  readonly #clock: Clock;
  readonly #options: Options;
  #sql: Sql;

  /** Throws LatchError `invalid_option` for a connection string that is none. */
  constructor(url: string, clock: Clock) {
    const parsed = parsedUrl(url);
    this.place = placeOfStore(url);
    this.#clock = clock;
    this.#options = optionsOf(parsed);
    this.#sql = postgres(this.#options);
  }

  async ask<Row>(
    text: string,
    parameters: readonly (string | number | null)[],
  ): Promise<readonly Row[]> {
    const sql = this.#sql;
    return this.#inTime(asked<Row>(sql, text, parameters));
  }

  /** One connection for `work` alone; it must have ended its transaction when it resolves. */
  async reserved<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    return this.#inTime(this.#reserved(this.#sql, work));
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: ANSWER_DEADLINE_MS / 1_000 });
  }

  async #reserved<Value>(sql: Sql, work: (session: Session) => Promise<Value>): Promise<Value> {
    const connection = await sql.reserve();
    const session: Session = {
      run: async (text) => {
        await connection.unsafe(text);
      },
      ask: (text, parameters) => asked(connection, text, parameters),
    };
    try {
      return await work(session);
    } catch (error) {
      // Nobody may find a transaction that was begun; on a broken connection there is none.
      await connection.unsafe("ROLLBACK").catch(() => undefined);
      throw error;
    } finally {
      connection.release();
    }
  }

  async #inTime<Value>(work: Promise<Value>): Promise<Value> {
    const over = new AbortController();
    const deadline = this.#clock.sleep(ANSWER_DEADLINE_MS, over.signal).then(
      () => "late" as const,
      () => "over" as const,
    );
    work.catch(() => undefined);
    const first = await Promise.race([work.then(() => "done" as const), deadline]).finally(() =>
      over.abort(OVER),
    );
    if (first === "late") {
      const stuck = this.#sql;
      this.#sql = postgres(this.#options);
      stuck.end({ timeout: 0 }).catch(() => undefined);
      const message = `the ledger at ${this.place} gave no answer in ${ANSWER_DEADLINE_MS} ms`;
      throw new LatchError("store_unreachable", message);
    }
    return work;
  }
}

async function asked<Row>(
  sql: Pick<Sql, "unsafe">,
  text: string,
  parameters: readonly (string | number | null)[],
): Promise<readonly Row[]> {
  const rows = await sql.unsafe(text, [...parameters], { prepare: true });
  return rows as unknown as readonly Row[];
}

function parsedUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && isServerStore(url) && parsed.hostname !== "") return parsed;
  const wanted = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE";
  throw new LatchError("invalid_option", `store is no usable connection string: ${wanted}`);
}

function optionsOf(url: URL): Options {
  const ssl = tlsOptions(url);
  const query = Object.fromEntries(url.searchParams);
  for (const word of TLS_WORDS) delete query[word];
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 5_432 : Number(url.port),
    user: decodeURIComponent(url.username),
    pass: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl,
    max: CONNECTIONS_MAX,
    connect_timeout: CONNECT_TIMEOUT_S,
    // Nobody waits for the pause: a call that finds no server is told so at once.
    backoff: () => RECONNECT_PAUSE_S,
    onnotice: () => undefined,
    connection: { application_name: "tradelatch", ...query },
    types: { number: { to: INT8, from: [INT8], serialize: String, parse: Number } as never },
  };
}
