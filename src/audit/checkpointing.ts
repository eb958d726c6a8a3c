/**
 * Checkpoints that a ledger keeps of itself: made each night, they prove later that what was there
 * is there still, and that nothing was cut off behind it. Each begins where the last one ended.
 */

import type { KeyObject } from "node:crypto";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { KeptCheckpoint, Ledger } from "../ledger/ledger.ts";
import { ChainVerifier } from "./chain-verifier.ts";
import {
  type Checkpoint,
  cutOffText,
  isSigned,
  publicKeyText,
  readCheckpoint,
  signCheckpoint,
} from "./checkpoint.ts";
import { lineOf } from "./export-lines.ts";

export type CheckpointLedger = Pick<
  Ledger,
  "events" | "keepCheckpoint" | "lastCheckpoint" | "lastSequence"
>;

const PAGE = 500;

/**
 * The one that was made and kept; undefined where nothing came since the last. Throws LatchError
 * `audit_broken`, with nothing signed, where the chain does not hold.
 */
export async function makeCheckpoint(
  ledger: CheckpointLedger,
  key: KeyObject,
  clock: Pick<Clock, "now">,
): Promise<Checkpoint | undefined> {
  const kept = await ledger.lastCheckpoint();
  const last = kept && checkpointIn(kept);
  // Only what this key has signed is taken for verified.
  const isOurs = last?.publicKey === publicKeyText(key) && isSigned(last);
  const chain = new ChainVerifier(isOurs ? last : undefined);
  const through = await ledger.lastSequence();
  // By whatever key: what was signed was there.
  if (through === (kept?.sequence ?? 0)) return undefined;
  if (kept !== undefined && through < kept.sequence) {
    throw new LatchError("audit_broken", cutOffText(through, kept));
  }
  while (chain.sequence < through) {
    const limit = Math.min(PAGE, through - chain.sequence);
    const events = await ledger.events({ after: chain.sequence, limit });
    const missing = events.length === 0 ? `event ${chain.sequence + 1} is missing` : undefined;
    const broken = events.map((event) => chain.next(event)).find((one) => one !== undefined);
    const message = broken?.message ?? missing;
    if (message !== undefined) throw new LatchError("audit_broken", message);
    await turnOfTheLoop();
  }
  const checkpoint = signCheckpoint(chain.end(), clock.now(), key);
  const { sequence, at } = checkpoint;
  await ledger.keepCheckpoint({ sequence, at, text: lineOf(checkpoint).trimEnd() });
  return checkpoint;
}

/** What was kept, as it is; undefined where it was changed into something else. */
export function checkpointIn({ text }: KeptCheckpoint): Checkpoint | undefined {
  try {
    return readCheckpoint(JSON.parse(text));
  } catch {
    return undefined;
  }
}
