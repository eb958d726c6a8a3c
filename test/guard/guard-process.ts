/** Real processes that guard actions in one store; each is ended when its test is over. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const WORKER = fileURLToPath(new URL("processes/guard-worker.mjs", import.meta.url));

interface Operations {
  open: { argument: { store: string }; value: undefined };
  race: {
    argument: { requestId: string; callers: number; startAt: string };
    value: Readonly<Record<string, number>>;
  };
  payAndHang: { argument: { requestIds: readonly string[]; provider: string }; value: undefined };
  close: { argument: undefined; value: undefined };
}

interface Reply {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export class GuardProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** With its guard open. */
  static async start(store: string): Promise<GuardProcess> {
    const child = fork(WORKER);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await once(child, "message");
    const started = new GuardProcess(child);
    await started.ask("open", { store });
    return started;
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
