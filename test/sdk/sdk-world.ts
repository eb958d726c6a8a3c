/**
 * One client in front of a sidecar in front of the simulated broker. Every call of the client is
 * driven to its end: simulated time moves while the client waits for its answer.
 */
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { KEY_ID, OrderWorld, SECRET } from "../sidecar/orders-world.ts";
import type { Client, Driver, SeenFailure, SeenUpdate, UpdateStream } from "./driver.ts";

export const LOW_CALL = "TQQQ260619C00080000";
export const HIGH_CALL = "TQQQ260619C00090000";

const PRICES = {
  ...{ TQQQ: "75", SPY: "500", QQQ: "400", DIA: "390", IWM: "200", GLD: "300", AAPL: "190" },
  ...{ [LOW_CALL]: "2.5", [HIGH_CALL]: "1" },
};
const HELD = [
  { symbol: "QQQ", quantity: "10", averagePrice: "380" },
  { symbol: "DIA", quantity: "4", averagePrice: "380" },
];
/** Longer than the pause of the relay before it connects to the broker again. */
const RECONNECTED_MS = 3_000;

export class SdkWorld {
  readonly #world: OrderWorld;
  readonly #driver: Driver;
  #stream: UpdateStream | undefined;

  private constructor(world: OrderWorld, driver: Driver) {
    this.#world = world;
    this.#driver = driver;
  }

  static async open(client: Client): Promise<SdkWorld> {
    const options = { prices: PRICES, positions: HELD, keyId: KEY_ID, secret: SECRET };
    const world = new OrderWorld(inWholeMs(await startSimulator(options)));
    const { sidecar } = await world.open();
    const driver = client.open({ url: sidecar.url, keyId: KEY_ID, secret: SECRET });
    return new SdkWorld(world, driver);
  }

  get simulator() {
    return this.#world.simulator;
  }

  /** What a call of the client comes to. */
  ask<Value>(call: (driver: Driver) => Promise<Value>): Promise<Value> {
    return this.#world.drive(call(this.#driver));
  }

  /** How the client tells that a call failed. */
  async failure(call: (driver: Driver) => Promise<unknown>): Promise<SeenFailure> {
    const outcome = await this.#world.drive(
      call(this.#driver).then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
    );
    if (outcome === undefined) throw new Error("the call did not fail");
    return this.#driver.failureOf(outcome.error);
  }

  advance(durationMs: number): Promise<void> {
    return this.#world.advance(durationMs);
  }

  async listen(): Promise<void> {
    this.#stream = await this.ask((driver) => driver.listen());
  }

  async updates(count: number): Promise<SeenUpdate[]> {
    const seen: SeenUpdate[] = [];
    while (seen.length < count) seen.push(await this.#world.drive(this.#listening().next()));
    return seen;
  }

  loseConnection(): Promise<void> {
    return this.#world.drive(this.#listening().loseConnection());
  }

  /** The sidecar loses the broker's stream, misses what happens, and connects again. */
  async missingByTheSidecar(happening: () => void): Promise<void> {
    this.simulator.cutStreams();
    happening();
    await this.advance(RECONNECTED_MS);
  }

  async close(): Promise<void> {
    this.#stream?.close();
    await this.#world.close();
  }

  #listening(): UpdateStream {
    if (this.#stream === undefined) throw new Error("nobody listens");
    return this.#stream;
  }
}

/** The relay's pauses have parts of a millisecond, which the broker's clock does not know. */
function inWholeMs(simulator: Simulator): Simulator {
  const setTime: Simulator["setTime"] = (target, options) => {
    simulator.setTime(typeof target === "number" ? Math.ceil(target) : target, options);
  };
  return { ...simulator, setTime };
}
