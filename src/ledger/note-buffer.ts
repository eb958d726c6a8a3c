/** Notes on their way to a store: buffered, and written within a second. */
import type { Clock, EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Note } from "./ledger.ts";

/** How long a note may stay in memory. */
const NOTE_DELAY_MS = 1_000;
/** So many notes are written at once without waiting. */
const NOTES_MAX = 1_000;

/** So many stand in one piece of work; others get their turn between two of them. */
const NOTES_AT_ONCE = 100;

export interface WaitingNote {
  readonly note: Note;
  readonly at: EpochMs;
}

/** Keeps all of the notes or none. */
type WriteNotes = (notes: readonly WaitingNote[]) => Promise<void>;

export class NoteBuffer {
  readonly #clock: Clock;
  readonly #write: WriteNotes;
  #notes: WaitingNote[] = [];
  #timer: AbortController | undefined;
  #isClosed = false;

  constructor(clock: Clock, write: WriteNotes) {
    this.#clock = clock;
    this.#write = write;
  }

  add(note: Note, at: EpochMs): void {
    if (this.#isClosed) return;
    this.#notes.push({ note, at });
    if (this.#notes.length >= NOTES_MAX) this.writeSoon();
    else this.#writeLater();
  }

  /**
   * Everything that waits is handed to the store in this turn of the event loop. Resolves when it
   * was tried.
   */
  async writeSoon(): Promise<void> {
    this.#timer?.abort();
    this.#timer = undefined;
    const notes = this.#notes.splice(0);
    const tried: Promise<void>[] = [];
    for (let first = 0; first < notes.length; first += NOTES_AT_ONCE) {
      tried.push(this.#writeTogether(notes.slice(first, first + NOTES_AT_ONCE)));
    }
    await Promise.all(tried);
  }

  /** Writes what is there, and takes no more. */
  close(): void {
    void this.writeSoon();
    this.#isClosed = true;
  }

  #writeLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = new AbortController();
    this.#clock.sleep(NOTE_DELAY_MS, this.#timer.signal).then(
      () => void this.writeSoon(),
      () => undefined,
    );
  }

  /** One that cannot be written holds up no other: then each is written by itself. */
  async #writeTogether(notes: readonly WaitingNote[]): Promise<void> {
    try {
      await this.#write(notes);
    } catch (error) {
      if (error instanceof LatchError) this.#keep(notes);
      else if (notes.length > 1) {
        await Promise.all(notes.map((note) => this.#writeTogether([note])));
      }
    }
  }

  /** A store that fails now may work later; beyond the bound the oldest notes are lost. */
  #keep(notes: readonly WaitingNote[]): void {
    this.#notes = [...notes, ...this.#notes].slice(-NOTES_MAX);
    this.#writeLater();
  }
}
