/**
 * Copies a whole ledger from one store to another.
 *
 * 1. The source is one that nobody has open, and nobody opens meanwhile: an order that were taken
 *    on beside the copy would be unknown to it, and its repeat would be sent again.
 * 2. What has arrived is read back from the target before it is kept: its chain is computed anew,
 *    and every value must be the one that was sent.
 * 3. It arrives as a whole or not at all; the stores see to that.
 */
import { LatchError, messageOf } from "../core/errors.ts";
import { ContentCheck } from "./content-check.ts";
import type { ChainHead } from "./event-chain.ts";
import {
  type ContentCounts,
  type ContentReader,
  type ContentWriter,
  contentOf,
  type ReadContent,
  type WriteContent,
} from "./ledger-content.ts";

export interface CopyProgress {
  readonly step: "copied" | "checked";
  readonly done: number;
  readonly total: number;
}

export interface CopyOptions {
  /** Told after every batch. */
  readonly onProgress?: ((progress: CopyProgress) => void) | undefined;
  /** Ends it early; then nothing has been copied. */
  readonly signal?: AbortSignal | undefined;
}

export interface LedgerCopy {
  readonly from: string;
  readonly to: string;
  readonly counts: ContentCounts;
  /** The last event, which is the same in both. */
  readonly head: ChainHead;
}

/**
 * Rejects with LatchError: `store_missing` or `store_in_use` (the source), `store_not_empty` (the
 * target), another `store_*` where one of them cannot be opened, or `copy_failed` afterwards. Then
 * the target is as it was.
 */
export async function copyLedger(
  read: ReadContent,
  write: WriteContent,
  options: CopyOptions = {},
): Promise<LedgerCopy> {
  let isUnderWay = false;
  try {
    return await read((source) =>
      write((target) => {
        isUnderWay = true;
        return transfer(source, target, options);
      }),
    );
  } catch (error) {
    if (options.signal?.aborted === true) throw options.signal.reason;
    if (error instanceof LatchError && !isUnderWay) throw error;
    const message = `the copy was given up: ${messageOf(error)}`;
    throw new LatchError("copy_failed", message, { cause: error });
  }
}

async function transfer(
  source: ContentReader,
  target: ContentWriter,
  { onProgress, signal }: CopyOptions,
): Promise<LedgerCopy> {
  const total = sumOf(await source.counts());
  const through = async (
    reader: ContentReader,
    step: CopyProgress["step"],
    write: ContentWriter["write"],
  ) => {
    const check = new ContentCheck(reader.place);
    let done = 0;
    for await (const batch of contentOf(reader)) {
      signal?.throwIfAborted();
      check.take(batch);
      await write(batch);
      done += batch.values.length;
      onProgress?.({ step, done, total });
    }
    return check.end(await reader.counts());
  };
  const sent = await through(source, "copied", (batch) => target.write(batch));
  const arrived = await through(target, "checked", async () => undefined);
  if (sent.digest !== arrived.digest) {
    throw new Error(`what arrived in ${target.place} is not what ${source.place} holds`);
  }
  return { from: source.place, to: target.place, counts: arrived.counts, head: arrived.head };
}

function sumOf(counts: ContentCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
