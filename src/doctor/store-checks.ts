/** What is wrong with where the ledger is: the ledger itself, who may read it, and its room. */
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { EpochMs } from "../core/clock.ts";
import { type LatchError, messageOf } from "../core/errors.ts";
import { CLOCK_BEHIND_MAX_MS } from "../core/floored-clock.ts";
import { folderFault } from "../core/folder-fault.ts";
import { isServerStore, placeOfStore } from "../core/store-place.ts";
import type { StoreLook } from "../ledger/store-look.ts";
import { type Finding, failed, ok, skipped, warning } from "./check.ts";

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const MIB = 1024 * 1024;
/** Below this a day of orders may not fit. */
const LITTLE_BYTES = 1024 * MIB;
/** Below this a start may not even be able to migrate. */
const NOTHING_BYTES = 64 * MIB;
const ELSEWHERE = "the database server's own business";

export function checkStore(store: string, look: StoreLook, now: EpochMs): Finding {
  const place = placeOfStore(store);
  if (look.kind === "none") return ok(`no ledger in ${place} yet; the first start makes one`);
  const { version, known, lastEventAt, isLarge } = look;
  if (version < known) {
    const found = `${place} has schema version ${version}, this program writes ${known}`;
    return warning(found, "Make a backup: the next start migrates it, and none goes back.");
  }
  if (lastEventAt !== null && lastEventAt - now > CLOCK_BEHIND_MAX_MS) {
    const last = new Date(lastEventAt).toISOString();
    return failed(`the last event in ${place} is of ${last}, later than now`, SET_CLOCK);
  }
  const last = lastEventAt === null ? "" : `, last event ${new Date(lastEventAt).toISOString()}`;
  return ok(`a ledger in ${place}${last}${isLarge ? `; ${LARGE}` : ""}`);
}

const LARGE = "too large to be looked through for damage here: tradelatch audit verify does that";

const SET_CLOCK = "Set this machine's clock right (NTP); a sidecar refuses to start until then.";

/** `backupDir` is where copies go each night; undefined: nowhere. */
export function checkPermissions(store: string, backupDir?: string): Finding {
  if (isServerStore(store)) return skipped(ELSEWHERE);
  const file = resolve(store);
  const folder = dirname(file);
  const problem = folderFinding(folder, "--store");
  if (problem !== undefined) return problem;
  const files = [file, `${file}-wal`, `${file}-shm`];
  for (const path of files) {
    const found = statSync(path, { throwIfNoEntry: false });
    // What is no file no mode makes one; the check of the store says what it is.
    if (found === undefined || !found.isFile()) continue;
    const reason = notWritable(path);
    if (reason !== undefined) {
      return failed(`${path} cannot be written: ${reason}`, `Let this user write ${path}.`);
    }
    if ((found.mode & OTHERS) !== 0) {
      const mode = (found.mode & 0o777).toString(8);
      return warning(`${path} has mode ${mode}: others may use it`, `chmod 600 ${path}`);
    }
  }
  const { mode } = statSync(folder);
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) {
    return warning(`others may replace files in ${folder}`, `chmod go-w ${folder}`);
  }
  const unkept =
    backupDir === undefined ? undefined : (folderFault(backupDir) ?? notWritable(backupDir));
  if (unkept !== undefined) {
    const remedy = `Make ${backupDir} for this user, or name another folder with --backup-dir.`;
    return failed(`no copy can be kept in ${backupDir}: ${unkept}`, remedy);
  }
  const isThere = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  return ok(
    isThere ? "only this user may read and write the ledger" : `this user may write ${folder}`,
  );
}

/** Where the audit key is, and why a sidecar would refuse it; undefined where it would not. */
export interface KeyLook {
  readonly file: string;
  readonly fault: LatchError | undefined;
}

export function checkAuditKey({ file, fault }: KeyLook): Finding {
  if (fault !== undefined) return failed(fault.message, fault.hint);
  if (existsSync(file)) return ok(file);
  return folderFinding(dirname(file), "--audit-key") ?? ok(`${file} will be made`);
}

/** Undefined where files can be made in it. */
function folderFinding(folder: string, flag: string): Finding | undefined {
  const elsewhere = `or name another place with ${flag}.`;
  if (!existsSync(folder)) {
    return failed(`there is no folder ${folder}`, `Make ${folder} for this user, ${elsewhere}`);
  }
  const reason = notWritable(folder);
  if (reason === undefined) return undefined;
  return failed(
    `${folder} cannot be written: ${reason}`,
    `Let this user write ${folder}, ${elsewhere}`,
  );
}

function notWritable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

export function checkSpace(store: string): Finding {
  if (isServerStore(store)) return skipped(ELSEWHERE);
  const folder = dirname(resolve(store));
  if (!existsSync(folder)) return skipped(`${folder} is not there`);
  const free = freeBytesAt(folder);
  const found = `${Math.floor(free / MIB)} MiB free in ${folder}`;
  const remedy = "Free some space: orders are refused while the ledger cannot be written.";
  if (free < NOTHING_BYTES) return failed(found, remedy);
  return free < LITTLE_BYTES ? warning(found, remedy) : ok(found);
}

function freeBytesAt(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
