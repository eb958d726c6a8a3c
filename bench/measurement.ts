/** What one file of measure-*.ts gives: figures for some of the keys. */
import type { BenchmarkName } from "./benchmark-keys.ts";

/** How much is done; `npm run bench` does all of it, a test next to nothing. */
export interface Scale {
  readonly rounds: number;
  /** Turns in a round. */
  readonly turns: number;
  /** Settled claims in the ledger with a history. */
  readonly history: number;
  readonly liveClaims: number;
  readonly books: number;
  /** Orders through the sidecar whose memory is watched. */
  readonly memoryOrders: number;
  readonly seeds: number;
}

export interface Figure {
  readonly key: BenchmarkName;
  readonly value: number;
  /** What the figure was made of, in its own units. */
  readonly parts: Readonly<Record<string, number>>;
}

export interface Measurement {
  readonly keys: readonly BenchmarkName[];
  readonly measure: (scale: Scale) => Promise<readonly Figure[]>;
}
