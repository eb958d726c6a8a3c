/** The driver's handle on one guarded bot's process: one command at a time, one reply each. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { BotCommand, BotReply, BotResult } from "./bot-messages.ts";

export class BotProcess {
  readonly #child: ChildProcess;
  #wakeAt: EpochMs | null = null;

  /** Starts the process, without our environment: a bot's settings must not change a replay. */
  constructor() {
    const program = fileURLToPath(new URL("guarded-bot-process.js", import.meta.url));
    this.#child = fork(program, [], { env: {}, stdio: ["ignore", "ignore", "inherit", "ipc"] });
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
    if (!reply.ok) throw new LatchError("replay_failed", `a bot failed: ${reply.message}`);
    this.#wakeAt = reply.wakeAt;
    const { result } = reply;
    if (expected.some((type) => type === result.type)) return result as BotResult & { type: Type };
    throw new LatchError("replay_failed", `a bot answered ${result.type} to ${command.type}`);
  }

  /** Ends the process, whatever it does. */
  async end(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  #exchange(command: BotCommand): Promise<BotReply> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => {
        const message = `a bot's process ended with ${code} at ${command.type}`;
        reject(new LatchError("replay_failed", message));
      };
      this.#child.once("exit", onExit);
      this.#child.once("message", (reply: BotReply) => {
        this.#child.off("exit", onExit);
        resolve(reply);
      });
      this.#child.send(command);
    });
  }
}
