/**
 * The way to the broker's trade-updates stream: one connection, kept up for ever.
 *
 * 1. Never two connections at once: the next begins when the last one's socket is gone.
 * 2. Pauses between tries grow up to a bound and start over after a connection that held; refused
 *    credentials are tried again slowly, because only a person can mend them.
 * 3. `onGap` follows every `onUp`: between the two nothing was missed as far as the broker sends.
 */
import type { Clock, EpochMs } from "../core/clock.ts";
import type { RandomSource } from "../core/random.ts";
import { type ConnectionEnd, StreamConnection } from "./stream-connection.ts";
import type { ReportProblem } from "./stream-problem.ts";
import type { TradeUpdate } from "./trade-update.ts";

export interface StreamUpstreamOptions {
  /** The broker's HTTP address, such as `https://paper-api.alpaca.markets`. */
  readonly baseUrl: string;
  readonly keyId: string;
  readonly secretKey: string;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly onUpdate: (update: TradeUpdate) => void;
  readonly onUp: () => void;
  /** The connection was up and is lost; events after `since` may have been missed. */
  readonly onGap: (since: EpochMs) => void;
  readonly onProblem?: ReportProblem | undefined;
}

export type UpstreamState = "connecting" | "up" | "waiting" | "unauthorized" | "closed";

export interface UpstreamHealth {
  readonly connected: boolean;
  readonly state: UpstreamState;
  /** When it came to be connected or, through every try in vain, when it ceased to be. */
  readonly since: EpochMs;
  /** When the last trade update came. */
  readonly lastEventAt: EpochMs | undefined;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const UNAUTHORIZED_PAUSE_MS = 60_000;
/** A connection that was up for so long held; a shorter one counts as a failed try. */
const HELD_MS = 10_000;

export class StreamUpstream {
  readonly #options: StreamUpstreamOptions;
  readonly #url: string;
  readonly #closing = new AbortController();
  #connection: StreamConnection | undefined;
  #running: Promise<void> | undefined;
  #state: UpstreamState = "connecting";
  #since: EpochMs;
  #lastEventAt: EpochMs | undefined;

  constructor(options: StreamUpstreamOptions) {
    this.#options = options;
    this.#url = streamUrl(options.baseUrl);
    this.#since = options.clock.now();
  }

  /** Connects, and stays connected until {@link close}. */
  start(): void {
    this.#running ??= this.#run();
  }

  health(): UpstreamHealth {
    const state = this.#state;
    const [since, lastEventAt] = [this.#since, this.#lastEventAt];
    return { connected: state === "up", state, since, lastEventAt };
  }

  /** Resolves when the socket is gone. No callback is called afterwards. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#connection?.end();
    await this.#running;
    this.#enter("closed");
  }

  async #run(): Promise<void> {
    const { clock, onProblem } = this.#options;
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      const end = await this.#connect();
      if (this.#closing.signal.aborted) return;
      const isDenied = end.problem.kind === "unauthorized";
      this.#enter(isDenied ? "unauthorized" : "waiting");
      if (end.upSince !== undefined) this.#options.onGap(end.heardAt);
      onProblem?.(end.problem);
      failures = this.#held(end) ? 1 : failures + 1;
      const pauseMs = this.#pauseMs(isDenied, failures);
      await clock.sleep(pauseMs, this.#closing.signal).catch(() => {});
    }
  }

  #connect(): Promise<ConnectionEnd> {
    const { keyId, secretKey, clock, onUp, onUpdate } = this.#options;
    this.#enter("connecting");
    this.#connection = new StreamConnection({
      ...{ url: this.#url, keyId, secretKey, clock },
      onUp: () => {
        this.#enter("up");
        onUp();
      },
      onUpdate: (update) => {
        if (this.#closing.signal.aborted) return;
        this.#lastEventAt = clock.now();
        onUpdate(update);
      },
    });
    return this.#connection.run();
  }

  #held({ upSince }: ConnectionEnd): boolean {
    return upSince !== undefined && this.#options.clock.now() - upSince >= HELD_MS;
  }

  /** Between half and the whole of the pause, so that sidecars do not come back in step. */
  #pauseMs(isDenied: boolean, failures: number): number {
    const grown = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    const pauseMs = isDenied ? UNAUTHORIZED_PAUSE_MS : grown;
    return pauseMs * (0.5 + this.#options.random.fraction() / 2);
  }

  #enter(state: UpstreamState): void {
    const isTurn = (state === "up") !== (this.#state === "up");
    this.#state = state;
    if (isTurn) this.#since = this.#options.clock.now();
  }
}

/**
 * `https://host` becomes `wss://host/stream`, `http://host` becomes `ws://host/stream`. A path in
 * the address stays before it, as before every other path.
 */
export function streamUrl(baseUrl: string): string {
  const url = new URL(baseUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "").replace(/\/v2$/, "")}/stream`;
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
