/**
 * What the library adds to one order call of the SDK. Three things take turns: a bare durable
 * insert, the SDK without the latch, and the latch; all three in one process, in front of one
 * broker in a process of its own.
 */
import { join } from "node:path";
import { BareStore, CLAIM_SIZED_BODY } from "./bare-store.ts";
import { withFolder } from "./bench-folder.ts";
import { openBenchLatch, settle } from "./bench-latch.ts";
import { intentAt } from "./bench-orders.ts";
import { startBroker } from "./broker-process.ts";
import { interleave } from "./interleaved-rounds.ts";
import type { Figure, Measurement, Scale } from "./measurement.ts";
import { sdkClient } from "./sdk-client.ts";

export const SUBMIT: Measurement = {
  keys: ["submitAddedP50", "submitAddedP99"],
  measure: (scale) => withFolder((folder) => measureIn(folder, scale)),
};

async function measureIn(folder: string, { rounds, turns }: Scale): Promise<readonly Figure[]> {
  const broker = await startBroker();
  const latch = await openBenchLatch(join(folder, "latch.db"), broker.url);
  const bare = new BareStore(join(folder, "bare.db"));
  const order = sdkClient(broker.url);
  const operations = {
    insert: (index: number) => bare.insert(`insert-${index}`, CLAIM_SIZED_BODY),
    sdk: (index: number) => order("sdk", index),
    latch: async (index: number) => {
      const { status } = await latch.submit(intentAt("latch", index));
      if (status !== "PROCEED") throw new Error(`an order was answered with ${status}`);
    },
  };
  const plan = { rounds, turns, warmUp: turns };
  const between = () => settle(latch);
  const { insert, sdk, latch: guarded } = await interleave(operations, plan, { between });
  await latch.close();
  bare.close();
  await broker.close();
  return [
    {
      key: "submitAddedP50",
      value: (guarded.p50 - sdk.p50) / insert.p50,
      parts: { insertUs: insert.p50, sdkUs: sdk.p50, latchUs: guarded.p50 },
    },
    {
      key: "submitAddedP99",
      value: (guarded.p99 - sdk.p99) / insert.p99,
      parts: { insertUs: insert.p99, sdkUs: sdk.p99, latchUs: guarded.p99 },
    },
  ];
}
