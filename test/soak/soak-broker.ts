/** The simulated broker of a soak, in a process of its own: its memory and time are not ours. */
import { startSimulator } from "../../src/simulator/index.ts";
import { KEYS } from "./soak-latch.ts";
import { PRICES } from "./soak-orders.ts";

const simulator = await startSimulator({ ...KEYS, prices: PRICES, cash: "1000000000" });
process.send?.({ url: simulator.url, now: simulator.now() });
process.once("disconnect", () => void simulator.close());
