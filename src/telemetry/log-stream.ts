/**
 * Where log lines go: standard error. A log that cannot be written costs lines and never an order:
 * its disk may be full or its reader gone, and the process still answers, and ends when it is told
 * to. pino's own destination ends the process then, and waits at its end for as long as it takes.
 *
 * 1. Nobody waits for a line, and no end does. What could not be written is tried again with the
 *    next one; a pipe that has no room, after a pause.
 * 2. What waits is bounded: beyond that, lines are left out.
 * 3. At the end of the process what waits is tried once.
 */
import { write, writeSync } from "node:fs";
import type { DestinationStream } from "pino";
import { idleSleep } from "../core/clock.ts";

/** Some thousands of lines, in UTF-16 code units and bytes. */
const WAITING_MAX = 1_024 * 1_024;
/** A pipe whose reader stands still has room again without a further line. */
const RETRY_MS = 100;
const NOTHING = Buffer.alloc(0);

interface Sleeper {
  sleep(durationMs: number): Promise<void>;
}

export class LogStream implements DestinationStream {
  readonly #descriptor: number;
  readonly #clock: Sleeper;
  #waiting = "";
  /** What comes before it: a part of what was not written whole. */
  #rest: Buffer = NOTHING;
  #isWriting = false;
  /** There was no room just now. */
  #isPausing = false;

  constructor(descriptor: number, clock: Sleeper = { sleep: idleSleep }) {
    this.#descriptor = descriptor;
    this.#clock = clock;
  }

  write(line: string): void {
    if (this.#rest.length + this.#waiting.length <= WAITING_MAX) this.#waiting += line;
    this.#writeOn();
  }

  /** For the end of the process, where nothing else can be waited for. */
  writeAtLast(): void {
    const last = this.#taken();
    try {
      for (let from = 0; from < last.length; ) from += writeSync(this.#descriptor, last, from);
    } catch {
      // There is nobody left to be told.
    }
  }

  #writeOn(): void {
    if (this.#isWriting || this.#isPausing) return;
    const batch = this.#taken();
    if (batch.length === 0) return;
    this.#isWriting = true;
    write(this.#descriptor, batch, (error, written) => {
      this.#isWriting = false;
      this.#rest = error === null ? batch.subarray(written) : batch;
      if (error === null) this.#writeOn();
      else if (error.code === "EAGAIN") void this.#writeLater();
    });
  }

  async #writeLater(): Promise<void> {
    this.#isPausing = true;
    await this.#clock.sleep(RETRY_MS);
    this.#isPausing = false;
    this.#writeOn();
  }

  #taken(): Buffer {
    const waiting = Buffer.from(this.#waiting);
    const taken = this.#rest.length === 0 ? waiting : Buffer.concat([this.#rest, waiting]);
    [this.#waiting, this.#rest] = ["", NOTHING];
    return taken;
  }
}

let ofProcess: LogStream | undefined;

/**
 * The one of this process, whoever logs in it. With its own stream at hand Node has a write to a
 * pipe without room fail; one that nobody has touched it waits for, and no process ends meanwhile.
 */
export function logStream(): LogStream {
  ofProcess ??= streamTo(process.stderr.fd);
  return ofProcess;
}

/** One to a file of this process, which has all that fits there when the process ends. */
export function streamTo(fd: number): LogStream {
  const stream = new LogStream(fd);
  process.once("exit", () => stream.writeAtLast());
  return stream;
}
