/** What `tradelatch audit` writes to a file, and what it reads of one. */
import { createPublicKey } from "node:crypto";
import { createReadStream, readFileSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { type Checkpoint, KEY_TEXT, publicKeyText } from "../audit/checkpoint.ts";
import { accountParts, exportParts } from "../audit/export.ts";
import { checkExport } from "../audit/export-check.ts";
import { linesIn, readLine, resemblesLine } from "../audit/export-lines.ts";
import { defaultKeyFile, readSigningKey } from "../audit/signing-key.ts";
import { LatchError } from "../core/errors.ts";
import { placeOfStore } from "../core/store-place.ts";
import type { AuditSurroundings } from "./audit-actions.ts";
import { ProgressBar } from "./progress-bar.ts";
import { accountIn, withRecords } from "./read-records.ts";
import { type FileKind, writeWhole } from "./whole-file.ts";

export interface ExportOptions {
  readonly store?: string;
  readonly account?: string;
  readonly out: string;
  readonly auditKey?: string;
  readonly json?: boolean;
}

export interface ImportOptions {
  readonly key?: string;
  readonly json?: boolean;
}

const EXPORT: FileKind = {
  name: "export",
  isOne: async (file) => {
    for await (const line of linesIn(createReadStream(file))) {
      return readLine(line).kind !== "unreadable";
    }
    return false;
  },
};
const NUMBER = new Intl.NumberFormat("en-US");

export async function exportLedger(
  options: ExportOptions,
  surroundings: AuditSurroundings,
): Promise<void> {
  const { output, environment } = surroundings;
  const { out, json } = options;
  await withRecords(options, surroundings, async (records, store) => {
    const given = options.auditKey ?? environment.TRADELATCH_AUDIT_KEY;
    const key = readSigningKey(given || defaultKeyFile(store));
    const { clock } = surroundings;
    const account =
      options.account === undefined
        ? undefined
        : accountIn(await records.accounts(), options.account, placeOfStore(store));
    const parts =
      account === undefined
        ? exportParts(records, key, clock)
        : accountParts(records, account, key, clock);
    const checkpoint = await writeWhole(out, EXPORT, (file) =>
      writeParts(file, parts, surroundings),
    );
    if (json === true) {
      output.line(JSON.stringify({ file: out, checkpoint }, null, 2));
      return;
    }
    output.line(`Exported ${countText(checkpoint)} to ${out}`);
    output.line(`Signed by ${checkpoint.publicKey}`);
  });
}

async function writeParts(
  file: FileHandle,
  parts: ReturnType<typeof exportParts>,
  { output, clock, stop }: AuditSurroundings,
): Promise<Checkpoint> {
  const bar = new ProgressBar(output, clock, "Exporting");
  try {
    for await (const { text, done, total, checkpoint } of parts) {
      stop.throwIfAborted();
      await file.appendFile(text);
      bar.update(done, total);
      if (checkpoint !== undefined) return checkpoint;
    }
  } finally {
    bar.end();
  }
  throw new LatchError("audit_broken", "the export ended without its checkpoint");
}

export async function verifyFile(
  file: string,
  { key, json }: ImportOptions,
  { output, clock, stop }: AuditSurroundings,
): Promise<void> {
  const wanted = key === undefined ? undefined : keyFrom(key);
  const bar = new ProgressBar(output, clock, "Verifying");
  const bytes = readIn(file, (done, total) => {
    stop.throwIfAborted();
    bar.update(done, total);
  });
  let isExport = false;
  const lines = seen(linesIn(bytes), (line) => {
    isExport ||= resemblesLine(line);
  });
  const verdict = await checkExport(lines, wanted).finally(() => bar.end());
  if (!isExport) {
    const empty = statSync(file).size === 0 ? "it is empty" : "no line of it is one of an export";
    throw new LatchError("not_an_export", `${JSON.stringify(file)} is no export: ${empty}`);
  }
  if (json === true) output.line(JSON.stringify({ file, ...verdict }, null, 2));
  if (!verdict.ok) throw new LatchError("audit_broken", `${file}: ${verdict.message}`);
  if (json === true) return;
  const { checkpoint } = verdict;
  const { publicKey } = checkpoint;
  output.line(`${countText(checkpoint)}: every hash fits, and the tail is there.`);
  output.line(`Signed ${new Date(checkpoint.at).toISOString()} by`);
  output.line(`  ${publicKey}`);
  if (wanted === undefined) {
    output.line("Whose key that is the file cannot tell: give one that you know with --key.");
  }
}

async function* seen(
  lines: AsyncIterable<Buffer>,
  see: (line: Buffer) => void,
): AsyncGenerator<Buffer> {
  for await (const line of lines) {
    see(line);
    yield line;
  }
}

async function* readIn(
  file: string,
  onProgress: (done: number, total: number) => void,
): AsyncGenerator<Buffer> {
  let done = 0;
  try {
    const total = statSync(file).size;
    for await (const chunk of createReadStream(file, { highWaterMark: 1_024 * 1_024 })) {
      yield chunk as Buffer;
      done += (chunk as Buffer).length;
      onProgress(done, total);
    }
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    const message = `${JSON.stringify(file)} cannot be read: ${cause.message}`;
    throw new LatchError("file_unreadable", message, { cause });
  }
}

/** 64 hex digits, or a file that holds them or the key in PEM. */
function keyFrom(given: string): string {
  const text = given.toLowerCase();
  if (KEY_TEXT.test(text)) return text;
  try {
    const content = readFileSync(given, "utf8").trim();
    const digits = content.toLowerCase();
    return KEY_TEXT.test(digits) ? digits : publicKeyText(createPublicKey(content));
  } catch (cause) {
    const message = `--key is ${JSON.stringify(given)}: neither 64 hex digits nor such a file`;
    throw new LatchError("invalid_option", message, { cause });
  }
}

function countText({ account, sequence, accounts }: Checkpoint): string {
  if (account !== undefined) {
    const count = accounts[0]?.events ?? 0;
    return `${NUMBER.format(count)} ${count === 1 ? "event" : "events"} of the account ${account}`;
  }
  const events = `${NUMBER.format(sequence)} ${sequence === 1 ? "event" : "events"}`;
  return `${events} of ${accounts.length} ${accounts.length === 1 ? "account" : "accounts"}`;
}
