/**
 * Readers of the event log over server-sent events.
 *
 * 1. Every event after the reader's place is sent once, in order, with its sequence as the id. What
 *    is sent is on disk; another process's events come the same way, by looking at the ledger.
 * 2. Memory is bounded: a page is read when the one before it was taken, and a reader that does not
 *    take it in time is cut off. It resumes by its last id.
 * 3. All streams end when closing begins.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { EventQuery, StoredEvent } from "../ledger/ledger.ts";
import { goneSignal } from "./gone-signal.ts";
import { eventView } from "./native-event-schema.ts";

export interface EventReadersPorts {
  readonly clock: Clock;
  events(query: EventQuery): Promise<readonly StoredEvent[]>;
  onFailure(error: unknown): void;
  readonly closing: AbortSignal;
}

export const READERS_MAX = 32;
/** Events that are read, and may wait to be taken, at once. */
export const EVENTS_PER_READ = 100;
/** Between two looks at the ledger by a reader that has everything. */
export const LOOK_PAUSE_MS = 500;
export const HEARTBEAT_MS = 15_000;
/** A reader that has not taken a page by then is cut off. */
export const TAKE_WITHIN_MS = 10_000;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

export class EventReaders {
  readonly #ports: EventReadersPorts;
  readonly #open = new Set<AbortController>();

  constructor(ports: EventReadersPorts) {
    this.#ports = ports;
    const endAll = () => {
      for (const reader of this.#open) reader.abort();
    };
    ports.closing.addEventListener("abort", endAll, { once: true });
  }

  /** Throws LatchError `readers_full`, before anything is written. */
  assertRoom(): void {
    if (this.#open.size < READERS_MAX) return;
    throw new LatchError("readers_full", `${READERS_MAX} readers of events are connected already`);
  }

  /** Sends what comes after `after` until the reader, or the sidecar, goes away. Never rejects. */
  async serve(response: ServerResponse, after: number): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    this.#open.add(over);
    const gone = goneSignal(response);
    gone.addEventListener("abort", end, { once: true });
    if (gone.aborted || this.#ports.closing.aborted) end();
    try {
      response.writeHead(200, HEADERS);
      response.write(`: events after ${after}\n\n`);
      await this.#send(response, after, over.signal);
      response.end();
    } catch (error) {
      if (!over.signal.aborted) this.#ports.onFailure(error);
      response.destroy();
    } finally {
      this.#open.delete(over);
    }
  }

  async #send(response: ServerResponse, after: number, over: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    let last = after;
    let spokeAt = clock.now();
    while (!over.aborted) {
      const events = await this.#ports.events({ after: last, limit: EVENTS_PER_READ });
      const isQuiet = events.length === 0;
      if (!isQuiet || clock.now() - spokeAt >= HEARTBEAT_MS) {
        const text = isQuiet ? ": still here\n\n" : events.map(frameOf).join("");
        if (!(await this.#isTaken(response, text, over))) return;
        last = events.at(-1)?.sequence ?? last;
        spokeAt = clock.now();
      }
      if (events.length < EVENTS_PER_READ) await this.#pause(LOOK_PAUSE_MS, over);
    }
  }

  /** False for a reader that is gone, or was cut off because it did not take what it was sent. */
  async #isTaken(response: ServerResponse, text: string, over: AbortSignal): Promise<boolean> {
    if (over.aborted) return false;
    if (response.write(text)) return true;
    const settled = new AbortController();
    const settle = () => settled.abort();
    over.addEventListener("abort", settle, { once: true });
    const drained = new Promise<boolean>((resolve) => response.once("drain", () => resolve(true)));
    const late = this.#pause(TAKE_WITHIN_MS, settled.signal).then(() => false);
    try {
      const isTaken = await Promise.race([drained, late]);
      if (!isTaken && !over.aborted) response.destroy();
      return isTaken;
    } finally {
      over.removeEventListener("abort", settle);
      settle();
    }
  }

  #pause(durationMs: number, signal: AbortSignal): Promise<void> {
    return this.#ports.clock.sleep(durationMs, signal).catch(() => {});
  }
}

/** JSON has no line breaks, so that one `data` line holds it. */
function frameOf(event: StoredEvent): string {
  return `id: ${event.sequence}\ndata: ${JSON.stringify(eventView(event))}\n\n`;
}
