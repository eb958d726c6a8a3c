/**
 * Connections to the server: bounded in number, and in how long anybody waits for one or for an
 * answer on it. A connection on which an answer is overdue is given up: what was asked on it counts
 * as failed, and nobody waits for it again.
 */
import type { Clock } from "../../core/clock.ts";
import { LatchError } from "../../core/errors.ts";
import { isServerStore, placeOfStore } from "../../core/store-place.ts";
import { ConnectionGroup } from "./connection-group.ts";
import {
  DedicatedConnection,
  type Options,
  type Parameter,
  type Session,
} from "./dedicated-connection.ts";
import { SharedConnections } from "./shared-connections.ts";
import { isConnectionLost } from "./store-errors.ts";
import { TLS_WORDS, tlsOptions } from "./tls-options.ts";

/** For single reads, which may go over any of them. */
const READERS_MAX = 3;
/** For transactions: what is written, and what has to be synced before it is published. */
const SESSIONS_MAX = 2;
const CONNECT_TIMEOUT_S = 3;
const RECONNECT_PAUSE_S = 0.1;
/** No transaction of ours, and no read, takes that long on a server that is well. */
const ANSWER_DEADLINE_MS = 5_000;
/** A step of the schema may build an index over every claim that there is. */
export const MIGRATION_DEADLINE_MS = 600_000;
const INT8 = 20;
/** How the server's own views name our connections; a name of the operator's goes behind it. */
export const APPLICATION = "tradelatch";

/** A reason of our own: without one each abort makes an exception with a stack. */
const OVER = new Error("the wait is over");

/** Whether the work of a connection that was lost may be begun once more, on another one. */
type MayRepeat = (lost: DedicatedConnection, answersBefore: number) => boolean;

const ALWAYS: MayRepeat = () => true;
/** Nothing that counts is said before the first answer. */
const UNLESS_ANSWERED: MayRepeat = ({ answers }, before) => answers === before;

export class ConnectionPool {
  /** Where the store is, for people: without the password. */
  readonly place: string;
  readonly #clock: Clock;
  readonly #open: (share: boolean) => Promise<DedicatedConnection>;
  readonly #readers: SharedConnections;
  readonly #sessions: ConnectionGroup;
  readonly #reading = new Set<Promise<unknown>>();

  /** Throws LatchError `invalid_option` for a connection string that is none. */
  constructor(url: string, clock: Clock) {
    const options = optionsOf(parsedUrl(url));
    this.place = placeOfStore(url);
    this.#clock = clock;
    this.#open = (share) => {
      const connection = new DedicatedConnection(options, this.place);
      return this.#inTime(connection.open(share), () => connection.giveUp());
    };
    this.#readers = new SharedConnections(READERS_MAX, () => this.#open(true));
    this.#sessions = new ConnectionGroup(SESSIONS_MAX, () => this.#open(false));
  }

  /** One statement that reads: where its connection is lost it is asked once more. */
  ask<Row>(text: string, parameters: readonly Parameter[]): Promise<readonly Row[]> {
    const ask = (session: Session) => session.ask<Row>(text, parameters);
    const read = this.#usedInTime(this.#readers, ask, ANSWER_DEADLINE_MS, ALWAYS);
    this.#reading.add(read);
    const over = () => this.#reading.delete(read);
    read.then(over, over);
    return read;
  }

  /**
   * A connection for `work` alone; it must have ended its transaction when it resolves. One may
   * have been cut while nobody asked on it: where nothing was answered `work` is begun once more,
   * so before the first answer it says nothing that must not be said twice.
   */
  reserved<Value>(
    work: (session: Session) => Promise<Value>,
    deadlineMs = ANSWER_DEADLINE_MS,
  ): Promise<Value> {
    return this.#usedInTime(this.#sessions, work, deadlineMs, UNLESS_ANSWERED);
  }

  /** The same for work that takes as long as it takes: whoever runs it watches it. */
  alone<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    return this.#sessions.use(work);
  }

  /** On a connection beside all others, which is ended with it. */
  async apart<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    const connection = await this.#open(false);
    return this.#inTime(work(connection), () => undefined).finally(() => connection.giveUp());
  }

  /** Reads that are under way are answered. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#reading);
    await Promise.all([this.#readers.end(), this.#sessions.end()]);
  }

  #usedInTime<Value>(
    group: ConnectionGroup | SharedConnections,
    work: (session: Session) => Promise<Value>,
    deadlineMs: number,
    mayRepeat: MayRepeat,
  ): Promise<Value> {
    let used: DedicatedConnection | undefined;
    let answersBefore = 0;
    let isLate = false;
    const use = () =>
      group.use(async (connection) => {
        used = connection;
        answersBefore = connection.answers;
        if (isLate) throw this.#lateError(deadlineMs);
        return work(connection);
      });
    const whole = use().catch((error: unknown) => {
      if (used === undefined || isLate || !isConnectionLost(error)) throw error;
      this.#leaveIdle();
      if (!mayRepeat(used, answersBefore)) throw error;
      return use();
    });
    const giveUp = () => {
      isLate = true;
      used?.giveUp();
      this.#leaveIdle();
    };
    return this.#inTime(whole, giveUp, deadlineMs);
  }

  /** What one of them has come to, reads and transactions alike, the others may have come to. */
  #leaveIdle(): void {
    this.#readers.leaveIdle();
    this.#sessions.leaveIdle();
  }

  async #inTime<Value>(
    work: Promise<Value>,
    giveUp: () => void,
    deadlineMs = ANSWER_DEADLINE_MS,
  ): Promise<Value> {
    const over = new AbortController();
    const deadline = this.#clock.sleep(deadlineMs, over.signal).then(
      () => "late" as const,
      () => "over" as const,
    );
    work.catch(() => undefined);
    const first = await Promise.race([work.then(() => "done" as const), deadline]).finally(() =>
      over.abort(OVER),
    );
    if (first === "late") {
      giveUp();
      throw this.#lateError(deadlineMs);
    }
    return work;
  }

  #lateError(deadlineMs: number): LatchError {
    const message = `the ledger at ${this.place} gave no answer in ${deadlineMs} ms`;
    return new LatchError("store_unreachable", message);
  }
}

function parsedUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && isServerStore(url) && parsed.hostname !== "") return parsed;
  const wanted = "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE";
  throw new LatchError("invalid_option", `store is no usable connection string: ${wanted}`);
}

function optionsOf(url: URL): Options {
  const ssl = tlsOptions(url);
  const { application_name: name, ...settings } = Object.fromEntries(url.searchParams);
  for (const word of TLS_WORDS) delete settings[word];
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 5_432 : Number(url.port),
    user: decoded(url.username),
    pass: decoded(url.password),
    database: decoded(url.pathname.slice(1)),
    ssl,
    connect_timeout: CONNECT_TIMEOUT_S,
    // By default the driver ends each after an hour or so, also one that is in use.
    max_lifetime: null,
    // A question of the driver's own, about arrays, whose failure nobody would hear.
    fetch_types: false,
    // Nobody waits for the pause: a call that finds no server is told so at once.
    backoff: () => RECONNECT_PAUSE_S,
    onnotice: () => undefined,
    connection: {
      ...settings,
      application_name: name === undefined ? APPLICATION : `${APPLICATION} ${name}`,
      client_encoding: "UTF8",
    },
    types: { number: { to: INT8, from: [INT8], serialize: String, parse: Number } as never },
  };
}

/** Names nothing of `text`, which may be the password. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    const why = "a % in a user, password or database is written %25";
    const message = `store is no usable connection string: ${why}`;
    throw new LatchError("invalid_option", message, { cause: error });
  }
}
