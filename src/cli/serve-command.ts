/**
 * `tradelatch serve`: the sidecar. Paper by default; real money must be said in words. Every
 * setting is a flag and an environment variable.
 */
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import type { Logger } from "pino";
import {
  type BrokerName,
  type Environment,
  resolveProgram,
  resolveServeConfig,
  type ServeConfig,
  type ServeSettings,
} from "../config.ts";
import { placeOfStore } from "../core/store-place.ts";
import type { Sidecar } from "../sidecar/sidecar.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import { openLogger } from "./open-logger.ts";
import { type ServeOutput, tellingPeople, tellingPrograms } from "./serve-output.ts";
import { keysForSimulator, SIMULATED_KEY, startBrokerInside } from "./simulator-inside.ts";
import { storeOf } from "./store-setting.ts";
import { refuseUseless } from "./useless-flag.ts";

/** What is under way has this long to end; the program is gone a moment later. */
const CLOSE_WITHIN_MS = 4_000;

interface ServeOptions extends Omit<ServeSettings, "keyId" | "secret" | "broker"> {
  readonly broker?: string;
  readonly logLevel?: string;
  readonly json?: boolean;
}

const DURATIONS = [
  ["--wait-ms", "how long a bot waits for a certain answer (default 8000)"],
  ["--dedupe-window-ms", "how long an equal order is the same one after it filled (45000)"],
  ["--send-deadline-ms", "how long after its claim an order may be sent (5000)"],
  ["--post-deadline-ms", "when an order's answer counts as lost (6000)"],
  ["--absence-window-ms", "the least span of reads that prove an order absent (15000)"],
] as const;

export function serveCommand(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
): Command {
  const command = new Command("serve")
    .summary("run the sidecar between Alpaca clients and Alpaca")
    .description("Run the sidecar: point a bot's APCA_API_BASE_URL at it, and it is guarded.")
    .option("--broker <name>", "alpaca (default), sim: simulated inside, or none: guards only")
    .option("--live", "trade real money, where APCA_API_BASE_URL is Alpaca's live host")
    .option("--host <address>", "address to listen on (default 127.0.0.1)")
    .option("--port <number>", "port to listen on (default 4520; 0: any)", wholeNumber)
    .option("--hosts <names>", "further names that bots reach it by, with commas")
    .option("--store <path>", "the ledger: a file, or postgres://... (default tradelatch.db)")
    .option("--backup-dir <path>", "a folder that is there, for a copy of the ledger each night")
    .option("--backup-keep <number>", "how many copies are kept (default 14)", wholeNumber)
    .option("--audit-key <file>", "the key that signs the audit trail (default: beside the ledger)")
    .option(
      "--guard-lease-ms <number>",
      "when an action's owner has vanished (900000)",
      wholeNumber,
    )
    .option("--requests-per-minute <number>", "what the broker takes (default 200)", wholeNumber)
    .option("--agent <name>", "the agent group of bots that use the broker's own key")
    .option("--stream-frames <kind>", "trade updates as binary frames (default) or text")
    .option("--log-level <level>", "trace, debug, info (default), warn, error, fatal or silent")
    .option("--allow-short", "let a sell open a short position")
    .option("--divergence <policy>", "a position that differs: adopt (default), observe, flatten …")
    .option("--no-position-intent", "do not tell the broker that a close is one")
    .option("--no-client-id-is-identity", "compare equal orders even under new client ids");
  for (const [flag, text] of DURATIONS) command.option(`${flag} <number>`, text, wholeNumber);
  command.option("--json", "print what it does as JSON, one object a line");
  const said = examples(
    "tradelatch serve --broker sim",
    "tradelatch serve --store ledger.db --agent momentum --backup-dir backups",
    "APCA_API_BASE_URL=https://api.alpaca.markets tradelatch serve --live",
  );
  return command.addHelpText("after", said).action(async (options: ServeOptions) => {
    refuseFlagsOfOthers(command, options, environment);
    await serve(output, environment, stop, options);
  });
}

/** Whoever says one of these takes it that money is traded, or that copies are made. */
function refuseFlagsOfOthers(
  command: Command,
  { broker, backupDir }: ServeOptions,
  environment: Environment,
): void {
  if (broker === "sim" || broker === "none") {
    const complaint = (flag: string) =>
      `${flag} is of no use with --broker ${broker}: leave it out`;
    refuseUseless(command, ["live"], complaint);
  }
  if ((backupDir ?? environment.TRADELATCH_BACKUP_DIR ?? "") !== "") return;
  const goesWith = (flag: string) => `${flag} goes with --backup-dir: give that, or leave it out`;
  refuseUseless(command, ["backupKeep"], goesWith);
}

async function serve(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
  options: ServeOptions,
): Promise<void> {
  const { broker, logLevel } = resolveProgram(options, environment);
  output.goOn?.();
  const logger = await openLogger(logLevel, output.logsAreRead);
  const simulator = broker === "sim" ? await startBrokerInside(logger) : undefined;
  try {
    const settings = settingsOf(options, environment, broker, simulator?.url);
    const config = resolveServeConfig(settings, environment);
    const told = options.json === true ? tellingPrograms(output) : tellingPeople(output);
    const sidecar = await listen(told, config, logger, simulator !== undefined);
    try {
      await runUntil(stop, sidecar, told);
    } finally {
      await sidecar.close(CLOSE_WITHIN_MS);
    }
    logger.info("ended");
  } finally {
    await simulator?.close();
  }
}

/** Listens, and says where, for which broker and with which store. */
async function listen(
  told: ServeOutput,
  serve: ServeConfig,
  logger: Logger,
  isSimulated: boolean,
): Promise<Sidecar> {
  const { openSidecar } = await import("../sidecar/sidecar.ts");
  const { keyId, store } = serve.latch;
  let isAwayTold = false;
  const onAway = (reason: string) => {
    if (!isAwayTold) told.away(reason, serve.latch.broker !== "none");
    isAwayTold = true;
  };
  const sidecar = await openSidecar({ serve, logger, onAway });
  const { url, brokerUrl } = sidecar;
  const key = isSimulated && keyId === SIMULATED_KEY ? SIMULATED_KEY : null;
  const hasOperator = serve.operatorKey !== undefined;
  told.listening({ url, brokerUrl, isSimulated, key, store: placeOfStore(store), hasOperator });
  return sidecar;
}

/** Says what the start found once it is over; returns when the program is to end. */
async function runUntil(stop: AbortSignal, sidecar: Sidecar, told: ServeOutput): Promise<void> {
  const stopped = stop.aborted ? Promise.resolve() : once(stop, "abort");
  const started = await Promise.race([sidecar.started, stopped.then(() => undefined)]);
  if (started === undefined) return;
  told.started(started.latch.account, started.recovery);
  await stopped;
}

function settingsOf(
  { broker: _, logLevel: __, json: ___, ...options }: ServeOptions,
  environment: Environment,
  broker: BrokerName,
  simulatorUrl: string | undefined,
): ServeSettings {
  const store = storeOf(options.store, environment);
  const { clientIdIsIdentity, positionIntent, ...others } = options;
  const settings: ServeSettings = {
    ...others,
    store,
    // Commander gives a --no- flag the value true when it is absent; the environment may say no.
    ...(clientIdIsIdentity === false ? { clientIdIsIdentity } : {}),
    ...(positionIntent === false ? { positionIntent } : {}),
  };
  if (broker === "none") return { ...settings, broker };
  if (simulatorUrl === undefined) return settings;
  return { ...settings, baseUrl: simulatorUrl, ...keysForSimulator(environment) };
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 0 up.");
  return Number(value);
}
