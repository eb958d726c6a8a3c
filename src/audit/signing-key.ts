/**
 * The key that signs checkpoints: an Ed25519 key in a file of its own (PKCS #8), readable by its
 * owner alone. Made once, whole or not at all; of several processes that make it at once one wins
 * and all use its key.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { LatchError, messageOf } from "../core/errors.ts";
import { folderFault } from "../core/folder-fault.ts";
import { isServerStore } from "../core/store-place.ts";

/** Beside a database there is no place: then it is here, in the working directory. */
const DATABASE_KEY = "tradelatch-audit-key.pem";
const PART_BYTES = 8;
const PRIVATE = 0o600;
const OTHERS = 0o077;

/** Where the key of a ledger is unless a setting says otherwise. */
export function defaultKeyFile(store: string): string {
  return resolve(isServerStore(store) ? DATABASE_KEY : `${store}-audit-key.pem`);
}

/** Throws LatchError `audit_key_unusable`. */
export function readSigningKey(file: string): KeyObject {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found === undefined) throw new Error("there is none; a latch makes it at its first start");
    if (!found.isFile()) throw new Error("it is not a file");
    const { mode } = found;
    if ((mode & OTHERS) !== 0) {
      const octal = (mode & 0o777).toString(8);
      throw new Error(`others can read it (mode 0${octal})`);
    }
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType === "ed25519") return key;
    throw new Error(`it holds a key of type ${key.asymmetricKeyType}, not ed25519`);
  } catch (error) {
    throw unusable(file, error);
  }
}

/**
 * Asked before there is a ledger, so that a start that is refused leaves none behind; makes
 * nothing. Throws LatchError `audit_key_unusable` where the key is no good, or has no folder; the
 * folder that it shares with a ledger's file is the ledger's to complain of.
 */
export function requireKeyPlace(auditKey: string | undefined, store: string): void {
  const file = auditKey ?? defaultKeyFile(store);
  if (existsSync(file)) readSigningKey(file);
  else if (auditKey !== undefined || isServerStore(store)) {
    const fault = folderFault(dirname(file));
    if (fault !== undefined) throw unusable(file, new Error(fault));
  }
}

/** The key in `file`, which is made where there is none. Throws LatchError `audit_key_unusable`. */
export function openSigningKey(file: string): KeyObject {
  if (!existsSync(file)) makeKey(file);
  return readSigningKey(file);
}

/** Written beside and linked into its place: whoever sees the name sees the whole key. */
function makeKey(file: string): void {
  // No process number: in containers on one volume several may be called the same.
  const part = `${file}.${randomBytes(PART_BYTES).toString("hex")}.part`;
  try {
    const fault = folderFault(dirname(file));
    if (fault !== undefined) throw new Error(fault);
    writeKey(part);
    linkSync(part, file);
    syncDirectory(dirname(file));
  } catch (error) {
    // Another process was faster, and has made it the same way.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unusable(file, error);
  } finally {
    takeAway(part);
  }
}

function writeKey(part: string): void {
  const { privateKey } = generateKeyPairSync("ed25519");
  const descriptor = openSync(part, "wx", PRIVATE);
  try {
    writeSync(descriptor, privateKey.export({ type: "pkcs8", format: "pem" }) as string);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function takeAway(part: string): void {
  try {
    rmSync(part, { force: true });
  } catch {
    // Where it cannot be deleted it could not be made either; why, the failure itself says.
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function unusable(file: string, cause: unknown): LatchError {
  const message = `the audit key ${file} cannot be used: ${messageOf(cause)}`;
  return new LatchError("audit_key_unusable", message, { cause });
}
