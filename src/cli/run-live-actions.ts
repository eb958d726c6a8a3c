/**
 * What `tradelatch run --feed alpaca` does: live bars, orders through a latch of its own to the
 * paper account, or to the real one once a person has typed its number.
 */
import { openLiveFeed, prepareLatch, readBrokerFor } from "../app.ts";
import {
  type Config,
  type Environment,
  resolveConfig,
  resolveProgram,
  type Settings,
} from "../config.ts";
import { brokerKind, LIVE_HOST } from "../core/broker-kind.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { RandomSource } from "../core/random.ts";
import { placeOfStore } from "../core/store-place.ts";
import { isStock } from "../identity/symbol.ts";
import type { Latch } from "../latch.ts";
import { liveDay } from "../run/live-day.ts";
import { isUnguarded, loadStrategy } from "../run/load-strategy.ts";
import { startLatch } from "../sidecar/latch-start.ts";
import type { Strategy, StrategyParameters } from "../strategy/strategy.ts";
import type { CommandOutput } from "./command-output.ts";
import { openLogger } from "./open-logger.ts";
import { type LiveStart, tellingPeople, tellingPrograms } from "./run-live-output.ts";
import { storeOf } from "./store-setting.ts";

export interface RunLiveOptions extends Pick<Settings, "store" | "agent" | "dataFeed"> {
  readonly paper?: boolean;
  readonly live?: boolean;
  readonly dryRun?: boolean;
  readonly logLevel?: string;
  readonly json?: boolean;
}

export interface LiveSurroundings {
  readonly output: CommandOutput;
  readonly environment: Environment;
  /** Ends the run, orderly. */
  readonly stop: AbortSignal;
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
  readonly fetchApi?: typeof fetch | undefined;
  /** Without it the latch looks after its orders by itself; else its rounds are the caller's. */
  readonly onOpen?: ((latch: Latch) => void) | undefined;
}

const LIVE_URL = `https://${LIVE_HOST}`;

/** Rejects with LatchError: `invalid_option`, `live_not_confirmed`, and as its parts do. */
export async function runLive(
  path: string,
  parameters: StrategyParameters,
  options: RunLiveOptions,
  surroundings: LiveSurroundings,
): Promise<void> {
  const { environment } = surroundings;
  const strategy = await guardedStrategy(path, parameters);
  const config = resolveConfig(settingsOf(options, environment), environment);
  if (options.live === true) await confirmLive(config, surroundings);
  await trade(path, strategy, { options, config, surroundings });
}

async function guardedStrategy(path: string, parameters: StrategyParameters): Promise<Strategy> {
  const strategy = (await loadStrategy(path))(parameters);
  if (isUnguarded(strategy))
    throw unfit(path, "sends its orders by itself: it runs in a backtest only");
  // Of another one no bar would ever come, and no decision.
  const other = strategy.symbols.find((symbol) => !isStock(symbol));
  if (other === undefined) return strategy;
  const expected = "expected a stock's symbol such as TQQQ or BRK.B";
  throw unfit(path, `wants live bars of ${JSON.stringify(other)}: ${expected}`);
}

function unfit(path: string, why: string): LatchError {
  return new LatchError("invalid_strategy", `${path} ${why}`);
}

interface Plan {
  readonly options: RunLiveOptions;
  readonly config: Config;
  readonly surroundings: LiveSurroundings;
}

async function trade(path: string, strategy: Strategy, plan: Plan): Promise<void> {
  const { options, config, surroundings } = plan;
  const { output, environment, stop, random, fetchApi, onOpen } = surroundings;
  // The lines of the day are on standard output; the log has what is out of the ordinary.
  const logLevel = options.logLevel ?? (environment.TRADELATCH_LOG_LEVEL || "warn");
  const level = resolveProgram({ logLevel }, environment).logLevel;
  const logger = await openLogger(level, output.logsAreRead);
  const parts = { random, fetchApi, logger, schedule: onOpen === undefined };
  const given = { ...parts, clock: surroundings.clock };
  const { feed, data, clock, close } = openLiveFeed(config, given);
  // Claims are compared with bars and sessions: all of a run goes by one clock.
  const prepared = prepareLatch(config, { ...parts, clock });
  const told = (options.json === true ? tellingPrograms : tellingPeople)(output, clock);
  try {
    const onAway = (reason: string) => logger.warn({ reason }, "the broker does not answer yet");
    const { latch } = await startLatch(prepared, { clock, stop, onAway });
    onOpen?.(latch);
    const isDryRun = options.dryRun === true;
    // Of a day that runs, no position waits for a line that cannot be printed.
    output.goOn?.();
    told.started({
      ...{ strategy: path, mode: modeOf(options, latch.brokerUrl), isDryRun },
      ...{ brokerUrl: latch.brokerUrl, account: latch.account, agent: config.agent },
      ...{ store: placeOfStore(config.store), streamUrl: data.streamUrl },
    });
    const day = { strategy, feed, latch, clock, observer: told, isDryRun };
    const { how, left, failure } = await liveDay(day, stop);
    told.ended(left, how);
    if (how === "failed") throw failure;
  } finally {
    await Promise.allSettled([prepared.close(), close()]);
  }
}

/** A sidecar of real money may listen on this machine: paper is what Alpaca's paper host is. */
function modeOf({ live }: RunLiveOptions, brokerUrl: string): LiveStart["mode"] {
  if (live === true) return "LIVE";
  return brokerKind(brokerUrl) === "paper" ? "PAPER" : "OTHER";
}

/** The two accounts are never mixed up: what the flag says and where orders go must agree. */
function settingsOf(options: RunLiveOptions, environment: Environment): Settings {
  const { paper, live, dryRun, store: named, agent, dataFeed } = options;
  if (paper === true && live === true) throw invalid("--paper and --live: expected one of the two");
  const address = environment.APCA_API_BASE_URL || undefined;
  const host = address !== undefined && URL.canParse(address) ? new URL(address).origin : undefined;
  if (live !== true && (host === LIVE_URL || environment.TRADELATCH_LIVE === "true")) {
    throw invalid("the settings name the live account: expected --live, which asks for its number");
  }
  const store = storeOf(named, environment);
  return {
    store,
    ...(agent === undefined ? {} : { agent }),
    ...(dataFeed === undefined ? {} : { dataFeed }),
    live: live === true,
    ...(live === true && address === undefined ? { baseUrl: LIVE_URL } : {}),
    // A dry run sends nothing, also nothing that closes what nobody can explain.
    ...(dryRun === true ? { divergence: "observe" } : {}),
  };
}

/** A flag can stand in a script for years; a number that is typed was meant today. */
async function confirmLive(config: Config, surroundings: LiveSurroundings): Promise<void> {
  const { output, stop, clock = systemClock } = surroundings;
  if (output.ask === undefined) {
    throw notConfirmed("--live wants the account number typed at a terminal, and there is none");
  }
  const { account, url } = await readBrokerFor(config, true, clock);
  if (account.kind === "refused") throw new LatchError("keys_refused", account.reason);
  if (account.kind === "unknown") throw new LatchError("broker_unavailable", account.reason);
  const { accountNumber } = account.value;
  if (accountNumber === null) throw notConfirmed(`${url} does not say the account's number`);
  const warning = `REAL MONEY: orders go to ${url}.`;
  const typed = await output.ask(`${warning}\nType the account's number: `, stop);
  if (typed.trim() !== accountNumber) {
    throw notConfirmed(`${JSON.stringify(typed.trim())} is not the number of this account`);
  }
}

function notConfirmed(message: string): LatchError {
  return new LatchError("live_not_confirmed", message);
}

function invalid(message: string): LatchError {
  return new LatchError("invalid_option", message);
}
