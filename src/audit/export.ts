/**
 * The whole log as lines of text, or one account's part of it, the last of them a signed
 * checkpoint; docs/AUDIT.md describes the form. What is exported is what was on disk when it began,
 * however much is written meanwhile, and it is read in pages, so that memory does not grow with the
 * log. The chain is verified on the way: nothing is signed that does not hold.
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

export interface ExportPart {
  /** Whole lines. */
  readonly text: string;
  /** Events so far, and in all. */
  readonly done: number;
  readonly total: number;
  /** The last line, with the last part. */
  readonly checkpoint: Checkpoint | undefined;
}

const PAGE = 500;

/** Throws LatchError `audit_broken` at the first event that does not continue the chain. */
export async function* exportParts(
  ledger: Pick<Ledger, "events" | "lastSequence">,
  key: KeyObject,
  clock: Pick<Clock, "now">,
): AsyncGenerator<ExportPart> {
  const total = await ledger.lastSequence();
  const chain = new ChainVerifier();
  while (chain.sequence < total) {
    const limit = Math.min(PAGE, total - chain.sequence);
    const events = await ledger.events({ after: chain.sequence, limit });
    for (const event of events) {
      const broken = chain.next(event);
      if (broken !== undefined) throw new LatchError("audit_broken", broken.message);
    }
    if (events.length === 0) throw missing(chain.sequence + 1);
    const text = events.map(lineOf).join("");
    yield { text, done: chain.sequence, total, checkpoint: undefined };
  }
  const checkpoint = signCheckpoint(chain.end(), clock.now(), key);
  yield { text: lineOf(checkpoint), done: total, total, checkpoint };
}

/** The same of one account: its events keep their numbers, which have gaps where others' are. */
export async function* accountParts(
  ledger: Pick<Ledger, "scan" | "lastSequence">,
  account: AccountId,
  key: KeyObject,
  clock: Pick<Clock, "now">,
): AsyncGenerator<ExportPart> {
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
    }
    after = reached;
    yield { text: events.map(lineOf).join(""), done: after, total, checkpoint: undefined };
  }
  const checkpoint = signCheckpoint(chain.end(), clock.now(), key, account);
  yield { text: lineOf(checkpoint), done: total, total, checkpoint };
}

function missing(sequence: number): LatchError {
  return new LatchError("audit_broken", `event ${sequence} is missing`);
}
