/** What a defect may put between the product and its surroundings. */
import type { Broker } from "../../src/broker/broker.ts";
import type { Settings } from "../../src/config.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { OrderAnswer } from "../../src/gateway/order-answer.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Rows } from "../../src/ledger/rows.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

export interface Tampering {
  readonly disk?: (
    disk: SimulatedDisk,
    later: (delayMs: number, action: () => void) => void,
  ) => void;
  readonly rows?: (rows: Rows) => Rows;
  /** Changes the code of the SQLite store for one world; the answer changes it back. */
  readonly sqlite?: () => () => void;
  readonly ledger?: (ledger: Ledger, clock: Clock) => Ledger;
  readonly broker?: (broker: Broker, clock: Clock) => Broker;
  /** Other settings than those that the invariants are promised for. */
  readonly settings?: Settings;
  readonly answer?: (answer: OrderAnswer) => OrderAnswer;
}

/** `target` with some of its methods replaced. */
export function overriding<Target extends object>(
  target: Target,
  methods: Partial<Target>,
): Target {
  return new Proxy(target, {
    get: (_, name) => {
      if (name in methods) return methods[name as keyof Target];
      const value = target[name as keyof Target];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
