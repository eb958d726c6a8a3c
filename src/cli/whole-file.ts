/**
 * A file that is written whole or not at all, and that takes the place of nothing but an older one
 * of its kind: a name that was mistyped must cost nobody the ledger, its key or anything else.
 */
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { LatchError, messageOf } from "../core/errors.ts";
import { folderFault } from "../core/folder-fault.ts";

const PRIVATE = 0o600;

export interface FileKind {
  /** As in "is no export". */
  readonly name: string;
  /** Whether `file`, which is not empty, is one; also one that breaks off. */
  readonly isOne: (file: string) => Promise<boolean>;
}

/**
 * Under another name until it is whole and on disk: no file is ever half of one. Rejects with
 * LatchError `file_in_the_way` before `write` is called, or `file_unwritable`.
 */
export async function writeWhole<Value>(
  out: string,
  kind: FileKind,
  write: (file: FileHandle) => Promise<Value>,
): Promise<Value> {
  const place = await placeOf(out, kind);
  const part = `${place}.${process.pid}.part`;
  try {
    const file = await open(part, "w", PRIVATE);
    try {
      const value = await write(file);
      await file.sync();
      await rename(part, place);
      return value;
    } finally {
      await file.close();
    }
  } catch (error) {
    await rm(part, { force: true });
    throw asUnwritable(out, error);
  }
}

/**
 * Where `out` leads, so that a link stays one. Also for whoever writes after long work: it rejects
 * as {@link writeWhole} does, while nothing is lost yet.
 */
export async function placeOf(out: string, kind: FileKind): Promise<string> {
  const place = await realPlaceOf(out, kind);
  const fault = folderFault(dirname(place));
  if (fault === undefined) return place;
  throw new LatchError("file_unwritable", `${out} cannot be written: ${fault}`);
}

async function realPlaceOf(out: string, { name, isOne }: FileKind): Promise<string> {
  try {
    const found = await stat(out);
    if (!found.isFile()) throw inTheWay(out, "is no file that could be replaced");
    if (found.size > 0 && !(await isOne(out))) {
      throw inTheWay(out, `is there already and is no ${name}`);
    }
    return await realpath(out);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return out;
    throw asUnwritable(out, error);
  }
}

function inTheWay(out: string, why: string): LatchError {
  return new LatchError("file_in_the_way", `${out} ${why}`);
}

function asUnwritable(out: string, error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  const message = `${out} cannot be written: ${messageOf(error)}`;
  return new LatchError("file_unwritable", message, { cause: error });
}
