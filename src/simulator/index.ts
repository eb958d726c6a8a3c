/** The public subpath `tradelatch/testing`: a simulated Alpaca broker to test a bot against. */
export type { AssetFlags } from "./asset-registry.ts";
export type { Fault, FaultRule } from "./fault-rule-schema.ts";
export type { CalendarOverrides, MarketPhase } from "./market-calendar.ts";
export type { Answered, LoggedRequest } from "./request-log.ts";
export { MAXIMUM_LOGGED_REQUESTS } from "./request-log.ts";
export { type ScriptedFill, type Simulator, startSimulator } from "./simulator.ts";
export type { ClockReading } from "./simulator-control.ts";
export type { OpeningPosition, SimulatorOptions, WorldOptions } from "./simulator-options.ts";
export type { WireOrder } from "./wire-order.ts";
export type { WirePosition } from "./wire-position.ts";
