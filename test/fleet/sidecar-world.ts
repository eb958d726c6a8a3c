/** One simulated broker, and real sidecars in front of it, each on a store that it is told. */
import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { KillableProgram, type Sent } from "../crash/killable-program.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";

const DAY_MS = 86_400_000;
/**
 * Deadlines that are soon over, so that a claim whose owner died is resolved within seconds; a
 * window that outlasts the test, and more requests than the broker would take.
 */
const WORDS = [
  ...["--send-deadline-ms", "1500", "--post-deadline-ms", "1500", "--absence-window-ms", "200"],
  ...["--dedupe-window-ms", "3600000", "--requests-per-minute", "100000"],
];

export interface SidecarWorld {
  readonly broker: Simulator;
  /** Resolves once the sidecar has looked up what others left. */
  start(store: string): Promise<KillableProgram>;
  /** What all sidecars so far have logged, one after the other. */
  logged(): string;
  /** The broker's clock stands still by itself. */
  keepTime(): void;
}

/** The bot's order of this number: a quantity of its own and, of most, a name. */
export function orderNumber(number: number): Sent {
  const terms = { symbol: "TQQQ", side: "buy", qty: String(number + 1), type: "market" };
  const body = { ...terms, time_in_force: "day" };
  const name = `order-${number}`;
  switch (number % 3) {
    case 0:
      return { body: { ...body, client_order_id: name } };
    case 1:
      return { body, headers: { "Idempotency-Key": name } };
    default:
      return { body };
  }
}

/** Ends with the test that it is made for. */
export async function startWorld(words: readonly string[] = WORDS): Promise<SidecarWorld> {
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
  const logs: string[] = [];
  // Beside a database there is no place for it.
  const all = [...words, "--audit-key", temporaryFile("key.pem")];
  const start = async (store: string) => {
    const log = temporaryFile("sidecar.log");
    logs.push(log);
    const program = new KillableProgram({ store, brokerUrl: broker.url, words: all, log });
    onTestFinished(() => program.kill());
    await program.untilSaid(/Claims picked up[^\n]*\n/);
    return program;
  };
  const keepTime = () => broker.setTime(Math.max(systemClock.now(), broker.now()));
  const logged = () => logs.map((log) => readFileSync(log, "utf8")).join("");
  return { broker, start, logged, keepTime };
}
