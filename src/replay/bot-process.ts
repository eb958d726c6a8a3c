/** The driver's handle on one guarded bot's process: one command at a time, one reply each. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { BotCommand, BotReply, BotResult } from "./bot-messages.ts";

export class BotProcess {
  readonly #child: ChildProcess;
  /** Rejects when the process is no more; never resolves. */
  readonly #gone: Promise<never>;
  #wakeAt: EpochMs | null = null;

  /**
   * Starts the process, without our environment and options: a bot's settings must not change a
   * replay. It is killed when `stop` aborts.
   */
  constructor(stop: AbortSignal) {
    const program = fileURLToPath(new URL("guarded-bot-process.js", import.meta.url));
    this.#child = fork(program, [], {
      env: {},
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      signal: stop,
      killSignal: "SIGKILL",
    });
    this.#gone = new Promise((_, reject) => {
      this.#child.on("error", (cause) => reject(failure(`has failed: ${cause.message}`, cause)));
      this.#child.once("exit", (code, signal) => reject(failure(`has ended by ${signal ?? code}`)));
    });
    this.#gone.catch(() => undefined);
  }

  /** When the process next wants to run; null when it waits for nothing. */
  get wakeAt(): EpochMs | null {
    return this.#wakeAt;
  }

  /** Resolves when nothing is in flight in the process; rejects with LatchError `replay_failed`. */
  async ask<Type extends BotResult["type"]>(
    command: BotCommand,
    ...expected: readonly Type[]
  ): Promise<BotResult & { type: Type }> {
    const reply = await this.#exchange(command);
    if (!reply.ok) throw failure(`reports: ${reply.message}`);
    this.#wakeAt = reply.wakeAt;
    const { result } = reply;
    if (expected.some((type) => type === result.type)) return result as BotResult & { type: Type };
    throw failure(`answered ${result.type} to ${command.type}`);
  }

  /** Ends the process, whatever it does. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  async #exchange(command: BotCommand): Promise<BotReply> {
    const reply = once(this.#child, "message") as Promise<[BotReply]>;
    // A process that is gone says so itself; that nothing could be sent to it adds nothing.
    this.#child.send(command, () => undefined);
    const [answer] = await Promise.race([reply, this.#gone]);
    return answer;
  }
}

function failure(what: string, cause?: Error): LatchError {
  return new LatchError("replay_failed", `a bot's process ${what}`, { cause });
}
