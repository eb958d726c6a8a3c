/**
 * The whole log as lines of text, or one account's part of it, the last of them a signed
 * checkpoint; docs/AUDIT.md describes the form. What is exported is what was on disk when it began,
 * however much is written meanwhile, and it is read in pages, so that memory does not grow with the
 * log. The chain is verified on the way, and held against every checkpoint that the ledger keeps:
 * nothing is signed that does not hold, or that is not what was signed before.
 */
import type { KeyObject } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { AccountId } from "../core/ids.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { AccountChain } from "./account-chain.ts";
import { ChainVerifier } from "./chain-verifier.ts";
import { type Checkpoint, signCheckpoint } from "./checkpoint.ts";
import { lineOf } from "./export-lines.ts";
import { KeptCheckpoints } from "./kept-checkpoints.ts";
import { KeptHeads } from "./kept-heads.ts";

export interface ExportPart {
  /** Whole lines. */
  readonly text: string;
  /** Events so far, and in all. */
  readonly done: number;
  readonly total: number;
  /** The last line, with the last part. */
  readonly checkpoint: Checkpoint | undefined;
}

type ExportedLedger = Pick<Ledger, "checkpoints" | "lastSequence">;

const PAGE = 500;

/**
 * Throws LatchError `audit_broken` at the first event that does not continue the chain, or is not
 * the one that was signed.
 */
export async function* exportParts(
  ledger: ExportedLedger & Pick<Ledger, "events">,
  key: KeyObject,
  clock: Pick<Clock, "now">,
): AsyncGenerator<ExportPart> {
  const total = await ledger.lastSequence();
  const chain = new ChainVerifier();
  const kept = new KeptCheckpoints(ledger);
  while (chain.sequence < total) {
    const limit = Math.min(PAGE, total - chain.sequence);
    const events = await ledger.events({ after: chain.sequence, limit });
    for (const event of events) {
      const wrong = chain.next(event)?.message ?? (await kept.differenceAt(chain));
      if (wrong !== undefined) throw new LatchError("audit_broken", wrong);
    }
    if (events.length === 0) throw missing(chain.sequence + 1);
    const text = events.map(lineOf).join("");
    yield { text, done: chain.sequence, total, checkpoint: undefined };
  }
  const cutOff = await kept.cutOffAfter(total);
  if (cutOff !== undefined) throw new LatchError("audit_broken", cutOff.message);
  const checkpoint = signCheckpoint(chain.end(), clock.now(), key);
  yield { text: lineOf(checkpoint), done: total, total, checkpoint };
}

/** The same of one account: its events keep their numbers, which have gaps where others' are. */
export async function* accountParts(
  ledger: ExportedLedger & Pick<Ledger, "scan">,
  account: AccountId,
  key: KeyObject,
  clock: Pick<Clock, "now">,
): AsyncGenerator<ExportPart> {
  // Before the last number is asked for: what was signed by then is there by then.
  const kept = await KeptHeads.of(ledger, account);
  const total = await ledger.lastSequence();
  const chain = new AccountChain(account);
  const first = lineOf({ type: "account", version: 1, account });
  yield { text: first, done: 0, total, checkpoint: undefined };
  let after = 0;
  while (after < total) {
    const scan = { account, after, before: total + 1, order: "oldest_first", limit: PAGE } as const;
    const { events, reached } = await ledger.scan(scan);
    for (const event of events) {
      const broken = chain.next(event);
      if (broken !== undefined) throw new LatchError("audit_broken", broken.message);
      kept.take(chain.end());
    }
    after = reached;
    yield { text: events.map(lineOf).join(""), done: after, total, checkpoint: undefined };
  }
  const unlike = kept.differenceBehind(chain.sequence);
  if (unlike !== undefined) throw new LatchError("audit_broken", unlike);
  const checkpoint = signCheckpoint(chain.end(), clock.now(), key, account);
  yield { text: lineOf(checkpoint), done: total, total, checkpoint };
}

function missing(sequence: number): LatchError {
  return new LatchError("audit_broken", `event ${sequence} is missing`);
}
