/** The public subpath `tradelatch/testing`: a simulated Alpaca broker to test a bot against. */
export type { WireFill } from "./activity-routes.ts";
export type { AssetFlags } from "./asset-registry.ts";
export type { DataFault, Fault, FaultRule } from "./fault-rule-schema.ts";
export type { CalendarOverrides, MarketPhase } from "./market-calendar.ts";
export type { Answered, LoggedRequest } from "./request-log.ts";
export { MAXIMUM_LOGGED_REQUESTS } from "./request-log.ts";
export type { ScriptedBar } from "./scripted-bars.ts";
export { type ScriptedFill, type Simulator, startSimulator } from "./simulator.ts";
export type { ClockReading, StreamName } from "./simulator-control.ts";
export type {
  DataPlan,
  OpeningPosition,
  SimulatorOptions,
  WorldOptions,
} from "./simulator-options.ts";
export type { WireOrder } from "./wire-order.ts";
export type { WirePosition } from "./wire-position.ts";
