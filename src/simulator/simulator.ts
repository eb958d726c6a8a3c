/** Starts the simulated broker on a port of its own and gives its handles to the caller. */
import type { AddressInfo } from "node:net";
import type { EpochMs } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { WireFill } from "./activity-routes.ts";
import type { AssetFlags } from "./asset-registry.ts";
import type { FaultRule } from "./fault-rule-schema.ts";
import { checked, optionsSchema } from "./input-schemas.ts";
import type { LoggedRequest } from "./request-log.ts";
import type { ScriptedBar } from "./scripted-bars.ts";
import { Simulation } from "./simulation.ts";
import { type ClockReading, SimulatorControl, type StreamName } from "./simulator-control.ts";
import type { OpeningPosition, SimulatorOptions, WorldOptions } from "./simulator-options.ts";
import { buildServer } from "./simulator-server.ts";
import type { WireOrder } from "./wire-order.ts";
import type { WirePosition } from "./wire-position.ts";

/** A fill that is made to happen, whatever the market's price is. */
export interface ScriptedFill {
  readonly orderId?: string;
  readonly clientOrderId?: string;
  readonly quantity: string;
  /** Default: the market's price. */
  readonly price?: string;
  /** Also of an order that has ended: the exchange reports it only afterwards. */
  readonly late?: boolean;
}

/** A running simulated broker. Every method does what its route under /sim does. */
export interface Simulator {
  /** Such as `http://127.0.0.1:40123`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  now(): EpochMs;
  clock(): ClockReading;
  /** Moves time forward by `durationMs`, through every open and close on the way. */
  advance(durationMs: number): void;
  /** Sets the time; earlier than now only with `force`. */
  setTime(target: EpochMs | string, options?: { readonly force?: boolean }): void;
  setPrice(symbol: string, price: string): void;
  /** Has the market go through `bars`; those whose minute is over are history. */
  addBars(symbol: string, bars: readonly ScriptedBar[]): void;
  setPositions(positions: readonly OpeningPosition[]): void;
  setAsset(symbol: string, flags: AssetFlags): void;
  addFaults(rules: readonly FaultRule[]): void;
  clearFaults(): void;
  /** Rules that can still strike. */
  faults(): readonly FaultRule[];
  fill(fill: ScriptedFill): WireOrder;
  /** Cuts the streams of trade updates and of stock data, or one of the two. */
  cutStreams(only?: StreamName): void;
  /** How many streams of stock data are authenticated. */
  dataConnections(): number;
  /** Every request that arrived at the broker's surface, in order. */
  requests(): readonly LoggedRequest[];
  /** Every order that was ever accepted, oldest first, in Alpaca's shape. */
  orders(): readonly WireOrder[];
  /** Every fill, oldest first, in Alpaca's shape. */
  fills(): readonly WireFill[];
  positions(): readonly WirePosition[];
  /** Starts over with the options of the start, as far as `changes` does not overrule them. */
  reset(changes?: WorldOptions): void;
  /** Cuts every connection and frees the port. */
  close(): Promise<void>;
}

const DEFAULT_HOST = "127.0.0.1";

/**
 * Starts a simulated Alpaca broker.
 *
 * Throws LatchError `invalid_option` for options that do not fit, `port_unavailable` for a port
 * that cannot be had.
 *
 * @example
 * const broker = await startSimulator({ prices: { TQQQ: "75.33" } });
 * // point the bot at broker.url, then:
 * broker.addFaults([{ match: { method: "POST", path: "/v2/orders" }, fault: { kind: "drop" } }]);
 * await broker.close();
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const accepted = checked(optionsSchema, options);
  const simulation = new Simulation(accepted);
  const control = new SimulatorControl(simulation);
  const app = buildServer(simulation, control);
  const host = accepted.host ?? DEFAULT_HOST;
  try {
    await app.listen({ host, port: accepted.port ?? 0 });
  } catch (cause) {
    await app.close();
    const message = `cannot listen on ${host} port ${accepted.port ?? 0}`;
    throw new LatchError("port_unavailable", message, { cause });
  }
  const { port } = app.server.address() as AddressInfo;
  const close = async () => {
    simulation.stream.close();
    simulation.stockStream.close();
    simulation.releaseAll();
    await app.close();
  };
  const dataConnections = () => simulation.stockStream.connections;
  const url = `http://${urlHost(host)}:${port}`;
  return { url, port, ...handles(control), dataConnections, close };
}

type Handles = Omit<Simulator, "url" | "port" | "dataConnections" | "close">;

function handles(control: SimulatorControl): Handles {
  return {
    now: () => control.clock().epochMs,
    clock: () => control.clock(),
    advance: (durationMs) => void control.setClock({ advanceMs: durationMs }),
    setTime: (target, options = {}) => void control.setClock({ now: target, ...options }),
    setPrice: (symbol, price) => void control.setPrices({ [symbol]: price }),
    addBars: (symbol, bars) => control.addBars({ [symbol]: bars }),
    setPositions: (positions) => void control.setPositions(positions),
    setAsset: (symbol, flags) => control.setAsset({ symbol, ...flags }),
    addFaults: (rules) => void control.addFaults({ rules }),
    clearFaults: () => control.clearFaults(),
    faults: () => control.faults(),
    fill: (fill) => control.fill(fill),
    cutStreams: (only) => control.cutStreams(only),
    requests: () => control.requests(),
    orders: () => control.orders(),
    fills: () => control.fills(),
    positions: () => control.positions(),
    reset: (changes = {}) => control.reset(changes),
  };
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
