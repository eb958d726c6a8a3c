/** A bar for work that takes longer than a second, where a person sees it. */
import type { Clock } from "../core/clock.ts";
import type { CommandOutput } from "./command-output.ts";

const SHOWN_AFTER_MS = 1_000;
const REDRAWN_AFTER_MS = 100;
const CELLS = 30;

export class ProgressBar {
  readonly #status: CommandOutput["status"];
  readonly #clock: Pick<Clock, "now">;
  readonly #what: string;
  #drawAt: number;
  #isShown = false;

  constructor({ status }: Pick<CommandOutput, "status">, clock: Pick<Clock, "now">, what: string) {
    this.#status = status;
    this.#clock = clock;
    this.#what = what;
    this.#drawAt = clock.now() + SHOWN_AFTER_MS;
  }

  update(done: number, total: number): void {
    const now = this.#clock.now();
    if (this.#status === undefined || now < this.#drawAt) return;
    this.#drawAt = now + REDRAWN_AFTER_MS;
    this.#isShown = true;
    this.#status(barText(this.#what, done, total));
  }

  /** Takes the bar away; what comes next has the line for itself. */
  end(): void {
    if (this.#isShown) this.#status?.("");
    this.#isShown = false;
  }
}

/** Such as `Exporting  ██████████░░░░░░░░░░░░░░░░░░░░  33 %`. */
function barText(what: string, done: number, total: number): string {
  const part = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(part * CELLS);
  const percent = String(Math.floor(part * 100)).padStart(3);
  return `${what}  ${"█".repeat(full)}${"░".repeat(CELLS - full)} ${percent} %`;
}
