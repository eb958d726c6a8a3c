/** Notes on their way to a store: buffered, and written within a second. */
import type { Clock, EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Note } from "./ledger.ts";

/** How long a note may stay in memory. */
const NOTE_DELAY_MS = 1_000;
/** So many notes are written at once without waiting. */
const NOTES_MAX = 1_000;

interface WaitingNote {
  readonly note: Note;
  readonly at: EpochMs;
}

export class NoteBuffer {
  readonly #clock: Clock;
  readonly #write: (note: Note, at: EpochMs) => Promise<void>;
  #notes: WaitingNote[] = [];
  #timer: AbortController | undefined;
  #isClosed = false;

  constructor(clock: Clock, write: (note: Note, at: EpochMs) => Promise<void>) {
    this.#clock = clock;
    this.#write = write;
  }

  add(note: Note, at: EpochMs): void {
    if (this.#isClosed) return;
    this.#notes.push({ note, at });
    if (this.#notes.length >= NOTES_MAX) this.writeSoon();
    else this.#writeLater();
  }

  /** Each is written by itself, so that one that cannot be written holds up no other. */
  writeSoon(): void {
    this.#timer?.abort();
    this.#timer = undefined;
    const notes = this.#notes.splice(0);
    if (notes.length === 0) return;
    const written = notes.map(({ note, at }) => this.#write(note, at));
    void this.#keepUnwritten(notes, written);
  }

  /** Writes what is there, and takes no more. */
  close(): void {
    this.writeSoon();
    this.#isClosed = true;
  }

  #writeLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = new AbortController();
    this.#clock.sleep(NOTE_DELAY_MS, this.#timer.signal).then(
      () => this.writeSoon(),
      () => undefined,
    );
  }

  /** A store that fails now may work later; beyond the bound the oldest notes are lost. */
  async #keepUnwritten(
    notes: readonly WaitingNote[],
    written: readonly Promise<void>[],
  ): Promise<void> {
    const results = await Promise.allSettled(written);
    const kept = notes.filter((_, index) => {
      const result = results[index];
      return result?.status === "rejected" && result.reason instanceof LatchError;
    });
    if (kept.length === 0) return;
    this.#notes = [...kept, ...this.#notes].slice(-NOTES_MAX);
    this.#writeLater();
  }
}
