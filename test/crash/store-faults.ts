/** What can go wrong with the store of a program that runs; each fault gives what mends it. */
import {
  closeSync,
  copyFileSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import type Sqlite from "better-sqlite3";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { DiskLayer } from "../disk/disk-layer.ts";
import { Database } from "../sqlite-database.ts";

export interface StoreFault {
  /** Reads on from "a sidecar whose store". */
  readonly name: string;
  /** What the bot and the operator are told. */
  readonly code: ErrorCode;
  readonly strike: (store: string, disk: DiskLayer) => () => void;
}

/** One that the disk layer can do. */
function ofDisk(strike: (disk: DiskLayer) => void): StoreFault["strike"] {
  return (_, disk) => {
    strike(disk);
    return () => disk.mend();
  };
}

export const STORE_FAULTS: readonly StoreFault[] = [
  { name: "is on a full disk", code: "store_full", strike: ofDisk((d) => d.failWrites("ENOSPC")) },
  {
    name: "is on a disk that fails to write",
    code: "store_failed",
    strike: ofDisk((disk) => disk.failWrites("EIO")),
  },
  {
    name: "is on a disk that became read-only",
    code: "store_unwritable",
    strike: ofDisk((disk) => disk.failWrites("EROFS")),
  },
  {
    name: "is on a disk that fails to sync",
    code: "store_failed",
    strike: ofDisk((disk) => disk.failSyncs("EIO")),
  },
  {
    name: "is on a disk that finds out at the sync that it is full",
    code: "store_failed",
    strike: ofDisk((disk) => disk.failSyncs("ENOSPC")),
  },
  { name: "is locked for longer than the timeout", code: "store_busy", strike: lock },
  { name: "was moved away", code: "store_moved", strike: moveAway },
  { name: "was deleted", code: "store_moved", strike: remove },
  {
    name: "has its log deleted",
    code: "store_moved",
    strike: (store) => remove(`${store}-wal`),
  },
  {
    name: "has the file deleted that its log is locked by",
    code: "store_moved",
    strike: (store) => remove(`${store}-shm`),
  },
  { name: "was replaced by a copy of it", code: "store_moved", strike: replace },
  { name: "was upgraded by a newer program", code: "store_newer", strike: upgrade },
  { name: "has damaged pages", code: "store_corrupt", strike: damage },
];

function lock(store: string): () => void {
  const other = new Database(store);
  other.exec("BEGIN IMMEDIATE");
  return () => {
    other.exec("ROLLBACK");
    other.close();
  };
}

function moveAway(store: string): () => void {
  renameSync(store, `${store}.moved`);
  return () => renameSync(`${store}.moved`, store);
}

/** Another name keeps the file itself, as an open descriptor does. */
function remove(store: string): () => void {
  linkSync(store, `${store}.kept`);
  rmSync(store);
  return () => renameSync(`${store}.kept`, store);
}

function replace(store: string): () => void {
  linkSync(store, `${store}.kept`);
  copyFileSync(store, `${store}.copy`);
  renameSync(`${store}.copy`, store);
  return () => renameSync(`${store}.kept`, store);
}

function upgrade(store: string): () => void {
  const known = ofSchema(store, 1_000);
  return () => ofSchema(store, known);
}

/** Gives the file another schema version, and tells the one it had. */
function ofSchema(store: string, version: number): number {
  return renewed(store, (database) => {
    const before = database.pragma("user_version", { simple: true }) as number;
    database.pragma(`user_version = ${version}`);
    return before;
  });
}

/** The first page of each table and index that a claim is looked up in. */
export function damage(store: string): () => void {
  const roots = renewed(store, (database) => {
    database.pragma("wal_checkpoint(TRUNCATE)");
    const sql = "SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'claims' AND rootpage > 0";
    return database.prepare(sql).pluck().all() as number[];
  });
  const before = roots.map((page) => exchangePage(store, page, Buffer.alloc(PAGE_BYTES, 0xa5)));
  return () => {
    roots.forEach((page, index) => {
      exchangePage(store, page, before[index] ?? Buffer.alloc(PAGE_BYTES));
    });
    renewed(store, () => undefined);
  };
}

const PAGE_BYTES = 4096;

/** Uses the store as another process would, and writes: who has pages in memory reads them anew. */
function renewed<Value>(store: string, use: (database: Sqlite.Database) => Value): Value {
  const database = new Database(store);
  try {
    const value = use(database);
    database.exec("UPDATE sync_mark SET times = times + 1");
    return value;
  } finally {
    database.close();
  }
}

/** Puts `bytes` in the place of a page of the file, and gives what was there. */
function exchangePage(store: string, page: number, bytes: Buffer): Buffer {
  const descriptor = openSync(store, "r+");
  try {
    const before = Buffer.alloc(PAGE_BYTES);
    readSync(descriptor, before, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
    writeSync(descriptor, bytes, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
    return before;
  } finally {
    closeSync(descriptor);
  }
}
