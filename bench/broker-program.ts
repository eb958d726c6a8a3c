/**
 * The simulated broker in a process of its own, so that its time and memory are not counted as
 * ours. A market that is always open, at the time of the machine; ends with its parent.
 */
import { systemClock } from "../src/core/clock.ts";
import { startSimulator } from "../src/simulator/index.ts";
import { PRICES } from "./bench-orders.ts";
import { KEYS } from "./broker-keys.ts";
import type { BrokerSettings } from "./broker-process.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const ALL_DAY = { open: "00:00", close: "23:59" } as const;
const OPEN_DAYS = 4;
const STEP_MS = 200;

const settings = JSON.parse(process.argv[2] ?? "{}") as BrokerSettings;
const startAt = systemClock.now();
const dayOf = (at: number) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: "America/New_York" }).format(at);
const days = Array.from({ length: OPEN_DAYS }, (_, day) => dayOf(startAt + (day - 1) * DAY_MS));
const simulator = await startSimulator({
  ...{ ...KEYS, startAt, prices: { ...PRICES, ...settings.prices }, cash: "100000000000" },
  calendar: Object.fromEntries(days.map((day) => [day, ALL_DAY])),
  ...(settings.positions === undefined ? {} : { positions: settings.positions }),
});
const time = setInterval(
  () => simulator.setTime(Math.max(simulator.now(), systemClock.now())),
  STEP_MS,
);
process.once("disconnect", () => {
  clearInterval(time);
  void simulator.close();
});
process.send?.({ url: simulator.url });
