/**
 * What a disk still holds after a power failure, worked out from the journal of the disk layer.
 *
 * 1. A sync of a file carries what was written to it; a sync of the folder carries which names
 *    there are. Nothing else is sure.
 * 2. Of what was not synced any part may have arrived, in any order, and of one write any of its
 *    512-byte sectors. Changes of names arrive in their order, as with a file system's journal.
 * 3. What was pending when a sync failed never arrives unless it is written again: Linux counts
 *    such pages as clean.
 */
import { seededRandom } from "../../src/core/random.ts";

export type NoteType = "C" | "O" | "W" | "T" | "S" | "F" | "D" | "U" | "M";

export interface DiskNote {
  /** Created, opened, written, truncated, synced, sync failed, folder synced, unlinked, message. */
  readonly type: NoteType;
  readonly inode: bigint;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The files of a folder by name. */
export type Files = ReadonlyMap<string, Buffer>;

/** `lies`: the disk says that it synced, and did not. */
export type Honesty = "honest" | "lies";

const HEAD_BYTES = 32;
const SECTOR_BYTES = 512;

export function readJournal(journal: Buffer): readonly DiskNote[] {
  const notes: DiskNote[] = [];
  for (let at = 0; at + HEAD_BYTES <= journal.length; ) {
    const type = String.fromCharCode(journal.readUInt8(at)) as NoteType;
    const length = Number(journal.readBigUInt64LE(at + 24));
    const bytes = journal.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length);
    const offset = Number(journal.readBigUInt64LE(at + 16));
    notes.push({ type, inode: journal.readBigUInt64LE(at + 8), offset, bytes });
    at += HEAD_BYTES + length;
  }
  return notes;
}

/** A write, or with no bytes a truncation. */
interface Change {
  readonly offset: number;
  readonly bytes: Buffer | undefined;
  isLost: boolean;
}

class PlatterFile {
  #content: Buffer;
  #pending: Change[] = [];

  constructor(content: Buffer) {
    this.#content = content;
  }

  change(offset: number, bytes: Buffer | undefined): void {
    this.#pending.push({ offset, bytes, isLost: false });
  }

  sync(): void {
    this.#content = applied(
      this.#content,
      this.#pending.filter(({ isLost }) => !isLost),
    );
    this.#pending = this.#pending.filter(({ isLost }) => isLost);
  }

  failSync(): void {
    for (const change of this.#pending) change.isLost = true;
  }

  /** What is kept when `arrives` chooses among the changes that were not synced. */
  kept(arrives: (change: Change) => readonly Change[]): Buffer {
    const arrived = this.#pending.flatMap((change) => (change.isLost ? [] : arrives(change)));
    return applied(this.#content, arrived);
  }
}

export class Platter {
  readonly #honesty: Honesty;
  readonly #before: Files;
  readonly #open = new Map<bigint, PlatterFile>();
  #names: Map<string, PlatterFile>;
  #pendingNames: ((names: Map<string, PlatterFile>) => void)[] = [];

  /** `before`: what the disk held when the journal began. */
  constructor(before: Files, honesty: Honesty = "honest") {
    this.#before = before;
    this.#honesty = honesty;
    this.#names = new Map([...before].map(([name, bytes]) => [name, new PlatterFile(bytes)]));
  }

  take(notes: readonly DiskNote[]): this {
    for (const note of notes) this.#take(note);
    return this;
  }

  /** What is there once the power is back; the seed chooses what arrived of what was not synced. */
  afterPowerFailure(seed: number): Files {
    const { fraction } = seededRandom(seed);
    const share = [0, 0, 0.5, 0.9, 1][Math.floor(fraction() * 5)] ?? 0;
    const names = new Map(this.#names);
    const arrived = Math.floor(fraction() * (this.#pendingNames.length + 1));
    for (const rename of this.#pendingNames.slice(0, arrived)) rename(names);
    const arrives = (change: Change) => {
      if (fraction() >= share) return [];
      return share === 1 ? [change] : torn(change, fraction);
    };
    return new Map([...names].map(([name, file]) => [name, file.kept(arrives)]));
  }

  /** What is there whatever happens: nothing arrived that was not synced. */
  surelyKept(): Files {
    return new Map([...this.#names].map(([name, file]) => [name, file.kept(() => [])]));
  }

  #take({ type, inode, offset, bytes }: DiskNote): void {
    const name = bytes.toString();
    if (type === "C") this.#create(name, inode);
    else if (type === "O") this.#find(name, inode);
    else if (type === "W") this.#file(inode).change(offset, bytes);
    else if (type === "T") this.#file(inode).change(offset, undefined);
    else if (type === "F") this.#file(inode).failSync();
    else if (type === "U") this.#pendingNames.push((names) => names.delete(name));
    else if (type === "S" && this.#honesty === "honest") this.#file(inode).sync();
    else if (type === "D" && this.#honesty === "honest") this.#syncNames();
  }

  #create(name: string, inode: bigint): void {
    const file = new PlatterFile(Buffer.alloc(0));
    this.#open.set(inode, file);
    this.#pendingNames.push((names) => names.set(name, file));
  }

  /** A file that was there before is known by its name when it is first opened. */
  #find(name: string, inode: bigint): void {
    if (this.#open.has(inode)) return;
    const file = this.#names.get(name);
    if (file === undefined || !this.#before.has(name)) throw new Error(`${name} came from nowhere`);
    this.#open.set(inode, file);
  }

  #file(inode: bigint): PlatterFile {
    const file = this.#open.get(inode);
    if (file === undefined) throw new Error(`nobody opened the file ${inode}`);
    return file;
  }

  #syncNames(): void {
    for (const rename of this.#pendingNames.splice(0)) rename(this.#names);
  }
}

function applied(content: Buffer, changes: readonly Change[]): Buffer {
  const ends = changes.map(({ offset, bytes }) => offset + (bytes?.length ?? 0));
  const room = Buffer.alloc(Math.max(content.length, ...ends));
  content.copy(room);
  let { length } = content;
  for (const { offset, bytes } of changes) {
    if (bytes === undefined) room.fill(0, offset);
    else bytes.copy(room, offset);
    length = bytes === undefined ? offset : Math.max(length, offset + bytes.length);
  }
  return room.subarray(0, length);
}

/** One write in two arrives whole; of the other, each sector as chance will have it. */
function torn(change: Change, fraction: () => number): readonly Change[] {
  const { offset, bytes } = change;
  if (bytes === undefined || fraction() < 0.5) return [change];
  const parts: Change[] = [];
  for (let at = 0; at < bytes.length; ) {
    const sectorEnd = SECTOR_BYTES - ((offset + at) % SECTOR_BYTES);
    const part = bytes.subarray(at, at + sectorEnd);
    if (fraction() < 0.5) parts.push({ ...change, offset: offset + at, bytes: part });
    at += part.length;
  }
  return parts;
}
