/** A real process of a test's own that is asked to do things; it is ended when the test is over. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** What a process can be asked for: what each takes, and what it gives. */
type OperationsOf<Operations> = {
  readonly [Name in keyof Operations]: { readonly argument: unknown; readonly value: unknown };
};

interface Reply {
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Runs `worker`, which is ended with the test, and resolves once it says that it is there. */
export async function startWorker(worker: string): Promise<ChildProcess> {
  const child = fork(worker);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  await once(child, "message");
  return child;
}

export class AskedProcess<Operations extends OperationsOf<Operations>> {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** One at a time; rejects with `code: message` where the process's own call did. */
  async ask<Name extends keyof Operations & string>(
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
