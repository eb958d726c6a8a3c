/** Real processes that share one ledger file; each is ended when its test is over. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { ClaimDecision } from "../../src/claim/answer.ts";
import type { Claim } from "../../src/claim/claim.ts";
import type { RecordCommand } from "../../src/claim/decide-record.ts";
import type { ClaimKey } from "../../src/core/ids.ts";
import type { IntentInput } from "../../src/identity/intent-schema.ts";
import type { RecordResult, StoredEvent } from "../../src/ledger/ledger.ts";

const WORKER = fileURLToPath(new URL("processes/ledger-worker.mjs", import.meta.url));

interface Operations {
  open: { argument: { file: string; umask?: number }; value: undefined };
  openAndClose: { argument: { file: string; startAt: string }; value: undefined };
  claim: {
    argument: { fields: IntentInput; now: number; startAt?: string };
    value: { kind: ClaimDecision["kind"]; claim: Claim };
  };
  claimMany: {
    argument: { numbers: readonly number[]; atOnce: number; now: number; startAt: string };
    value: readonly number[];
  };
  record: { argument: { key: ClaimKey; command: RecordCommand }; value: RecordResult };
  events: { argument: undefined; value: readonly StoredEvent[] };
  close: { argument: undefined; value: undefined };
  lock: { argument: { file: string }; value: undefined };
  storm: { argument: { file: string; heldMs: number; freeMs: number }; value: undefined };
  calm: { argument: undefined; value: undefined };
  unlock: { argument: undefined; value: undefined };
}

/** A moment that all processes can wait for, as soon as all have heard of it. */
export function commonStart(): string {
  return String(process.hrtime.bigint() + 1_000_000n);
}

interface Reply {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export class LedgerProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<LedgerProcess> {
    const child = fork(WORKER);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await once(child, "message");
    return new LedgerProcess(child);
  }

  /** One at a time; rejects with `code: message` where the process's own call did. */
  async ask<Name extends keyof Operations>(
    operation: Name,
    argument: Operations[Name]["argument"],
  ): Promise<Operations[Name]["value"]> {
    const answered = new Promise<Reply>((resolve, reject) => {
      const onExit = () => reject(new Error(`the process ended during ${operation}`));
      this.#child.once("exit", onExit);
      this.#child.once("message", (reply: Reply) => {
        this.#child.off("exit", onExit);
        resolve(reply);
      });
    });
    this.#child.send({ operation, argument });
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(`${error.code}: ${error.message}`);
    return value as Operations[Name]["value"];
  }

  /** As `kill -9` does: nothing is closed, nothing is flushed. */
  async kill(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
