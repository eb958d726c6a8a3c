/** What a world has come to, for the checkers to judge. */
import type { EpochMs } from "../../src/core/clock.ts";
import type { BrokerSide } from "./broker-side.ts";
import type { Facts } from "./facts.ts";
import type { Plan } from "./plan.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";

export interface Outcome {
  readonly plan: Plan;
  readonly facts: Facts;
  readonly disk: SimulatedDisk;
  readonly broker: BrokerSide;
  /** What had not come to rest in time; empty where all had. */
  readonly unrest: readonly string[];
  readonly endedAt: EpochMs;
}
