import { ManualClock } from "../../src/core/manual-clock.ts";
import { START } from "../ledger/sample-commands.ts";
import { SimulatedDisk } from "../simulation/simulated-disk.ts";
import { type Host, SimulatedLedger } from "../simulation/simulated-ledger.ts";
import { ledgerConformance } from "./ledger-conformance.ts";
import { openStore } from "./open-store.ts";

/** A process that never dies; what takes long waits for the clock. */
function hostOf(clock: ManualClock): Host {
  return {
    latency: () => 0,
    turn: (delayMs, action) => {
      const stop = new AbortController();
      if (delayMs > 1) clock.sleep(delayMs, stop.signal).then(action, () => undefined);
      else setImmediate(() => stop.signal.aborted || action());
      return () => stop.abort();
    },
  };
}

ledgerConformance("the ledger that the simulation runs on", async () => {
  const clock = new ManualClock(START);
  const disk = new SimulatedDisk();
  return openStore(clock, () => new SimulatedLedger(disk, hostOf(clock)));
});
