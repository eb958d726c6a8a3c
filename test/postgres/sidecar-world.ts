/** One simulated broker, and real sidecars in front of it, each on a store that it is told. */
import { onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { KillableProgram, type Sent } from "../crash/killable-program.ts";

const DAY_MS = 86_400_000;
/** Soon over, so that a claim whose owner died is resolved within seconds. */
const WORDS = [
  ...["--send-deadline-ms", "1500", "--post-deadline-ms", "1500", "--absence-window-ms", "200"],
];

export interface SidecarWorld {
  readonly broker: Simulator;
  /** Resolves once the sidecar has looked up what others left. */
  start(store: string): Promise<KillableProgram>;
}

/** The bot's order of this number: it has a name and a quantity of its own. */
export function orderNumber(number: number): Sent {
  const terms = { symbol: "TQQQ", side: "buy", qty: String(number + 1), type: "market" };
  return { body: { ...terms, time_in_force: "day", client_order_id: `order-${number}` } };
}

/** Ends with the test that it is made for. */
export async function startWorld(): Promise<SidecarWorld> {
  const startAt = systemClock.now();
  const calendar = Object.fromEntries(
    [-1, 0, 1].map((day) => [
      new Date(startAt + day * DAY_MS).toISOString().slice(0, 10),
      { open: "00:00", close: "23:59" },
    ]),
  );
  const prices = { TQQQ: "75" };
  const broker = await startSimulator({ startAt, calendar, prices, cash: "100000000000" });
  onTestFinished(() => broker.close());
  const start = async (store: string) => {
    const program = new KillableProgram({ store, brokerUrl: broker.url, words: WORDS });
    onTestFinished(() => program.kill());
    await program.untilSaid(/Claims picked up[^\n]*\n/);
    return program;
  };
  return { broker, start };
}
