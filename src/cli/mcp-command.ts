/**
 * `tradelatch mcp`: the latch as tools for a model, over standard input and output or over HTTP.
 * Orders are off unless the command line says otherwise: no variable can turn them on.
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
import { requireFreePort } from "../core/port-fault.ts";
import { placeOfStore } from "../core/store-place.ts";
import type { McpProgram } from "../mcp/mcp-program.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import { openLogger } from "./open-logger.ts";
import { packageManifest } from "./package-manifest.ts";
import { keysForSimulator, SIMULATED_KEY, startBrokerInside } from "./simulator-inside.ts";
import { storeOf } from "./store-setting.ts";
import { refuseUseless } from "./useless-flag.ts";

/** Beside a sidecar's. */
const DEFAULT_PORT = 4521;
const OF_HTTP = ["host", "port", "hosts", "json"];
const OF_ALPACA = ["live", "allowLiveOrders"];

interface McpCommandOptions {
  readonly broker?: string;
  readonly live?: boolean;
  readonly allowOrders?: boolean;
  readonly allowLiveOrders?: boolean;
  readonly http?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly hosts?: string;
  readonly store?: string;
  readonly agent?: string;
  readonly logLevel?: string;
  readonly json?: boolean;
}

export function mcpCommand(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
): Command {
  return new Command("mcp")
    .summary("serve the latch as tools for a model (MCP)")
    .description(
      "Serve tools by the Model Context Protocol: over standard input and output, or " +
        "over HTTP. It places no order unless --allow-orders is given.",
    )
    .option("--allow-orders", "have tools that place orders and close positions")
    .option("--allow-live-orders", "with it: also where the account may be one of real money")
    .option("--live", "permit Alpaca's live host, where APCA_API_BASE_URL names it")
    .option("--broker <name>", "alpaca (default), sim: simulated inside, or none: guards only")
    .option("--store <path>", "the ledger: a file, or postgres://... (default tradelatch.db)")
    .option("--agent <name>", "the agent group whose orders these are")
    .option("--http", "serve streamable HTTP at /mcp in place of standard input and output")
    .option("--host <address>", "with --http: address to listen on (default 127.0.0.1)")
    .option(
      "--port <number>",
      `with --http: port to listen on (default ${DEFAULT_PORT}; 0: any)`,
      wholeNumber,
    )
    .option("--hosts <names>", "with --http: further names that clients reach it by")
    .option("--log-level <level>", "trace, debug, info (default), warn, error, fatal or silent")
    .option("--json", "with --http: print where it listens as JSON")
    .addHelpText(
      "after",
      examples(
        "tradelatch mcp --broker sim --allow-orders",
        "tradelatch mcp --store ledger.db --agent research",
        "tradelatch mcp --http --port 4521 --allow-orders",
      ),
    )
    .action((options: McpCommandOptions, command: Command) => {
      refuseFlagsOfOthers(command, options);
      return serveTools(output, environment, stop, options);
    });
}

function refuseFlagsOfOthers(command: Command, { http, broker, ...given }: McpCommandOptions) {
  const goesWith = (other: string) => (flag: string) =>
    `${flag} goes with ${other}: give that, or leave it out`;
  if (http !== true) refuseUseless(command, OF_HTTP, goesWith("--http"));
  if (given.allowOrders !== true) {
    refuseUseless(command, ["allowLiveOrders"], goesWith("--allow-orders"));
  }
  if (broker === "sim" || broker === "none") {
    const complaint = (flag: string) =>
      `${flag} is of no use with --broker ${broker}: leave it out`;
    refuseUseless(command, OF_ALPACA, complaint);
  }
}

async function serveTools(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
  options: McpCommandOptions,
): Promise<void> {
  const { broker, logLevel } = resolveProgram(options, environment);
  const logger = await openLogger(logLevel, output.logsAreRead);
  const simulator = broker === "sim" ? await startBrokerInside(logger) : undefined;
  try {
    const serve = configOf(options, environment, broker, simulator?.url);
    if (options.http) await requireFreePort(serve.host, serve.port);
    const { McpProgram } = await import("../mcp/mcp-program.ts");
    const { allowOrders: allowsOrders = false, allowLiveOrders: allowsLiveOrders = false } =
      options;
    const allowed = { allowsOrders, allowsLiveOrders };
    const { version } = packageManifest();
    const program = new McpProgram({ serve, logger, version, ...allowed });
    try {
      if (options.http) await overHttp(program, serve, { output, logger, stop, options });
      else await overStdio(program, serve, { logger, stop, options });
    } finally {
      await program.close();
    }
  } finally {
    await simulator?.close();
  }
}

interface Surroundings {
  readonly output: CommandOutput;
  readonly logger: Logger;
  readonly stop: AbortSignal;
  readonly options: McpCommandOptions;
}

async function overStdio(
  program: McpProgram,
  { latch }: ServeConfig,
  { logger, stop, options }: Omit<Surroundings, "output">,
) {
  const { serveStdio } = await import("../mcp/stdio-endpoint.ts");
  const ports = program.portsFor({ id: "stdio", group: latch.agent });
  const { stdin, stdout } = process;
  const endpoint = await serveStdio(stdin, stdout, ports);
  // Nothing else is said until a client speaks, which a person at a terminal would wait for.
  const orders = options.allowOrders === true ? "on" : "off";
  const told = { orders, broker: program.brokerUrl, store: placeOfStore(latch.store) };
  logger.info(told, "tools on standard input and output, for a client that speaks first");
  if (!stop.aborted) await Promise.race([endpoint.ended, once(stop, "abort")]);
  await endpoint.close();
  stdin.destroy();
}

async function overHttp(
  program: McpProgram,
  serve: ServeConfig,
  { output, logger, stop, options }: Surroundings,
): Promise<void> {
  const [{ listenForTools, MCP_PATH }, { accessOf }] = await Promise.all([
    import("../mcp/http-endpoint.ts"),
    import("../sidecar/sidecar.ts"),
  ]);
  output.goOn?.();
  const access = accessOf(serve);
  const { host, port } = serve;
  const onFailure = (error: unknown) => logger.error({ err: error }, "a request failed");
  const portsFor = program.portsFor.bind(program);
  const endpoint = await listenForTools({ access, host, port, portsFor, onFailure });
  const name = host.includes(":") ? `[${host}]` : host;
  const url = `http://${name}:${endpoint.port}${MCP_PATH}`;
  const allowsOrders = options.allowOrders === true;
  const { brokerUrl } = program;
  const store = placeOfStore(serve.latch.store);
  const key = serve.latch.keyId === SIMULATED_KEY ? SIMULATED_KEY : null;
  if (options.json) {
    const said = { event: "listening", url, brokerUrl, allowsOrders, key, store };
    output.line(JSON.stringify(said));
  } else {
    output.line(`Tools at ${url}, orders ${allowsOrders ? "on" : "off"}`);
    output.line(`Broker: ${brokerUrl}`);
    if (key !== null) output.line(`Key: Authorization: Bearer ${key}`);
    output.line(`Store: ${store}`);
  }
  if (!stop.aborted) await once(stop, "abort");
  await endpoint.close();
}

/** Whatever is not a flag here is a variable of the environment, as for the sidecar. */
function configOf(
  { live, host, port, hosts, agent, store: given }: McpCommandOptions,
  environment: Environment,
  broker: BrokerName,
  simulatorUrl: string | undefined,
): ServeConfig {
  const store = storeOf(given, environment);
  const ports = port ?? (environment.TRADELATCH_PORT ? undefined : DEFAULT_PORT);
  const inside =
    simulatorUrl === undefined ? {} : { baseUrl: simulatorUrl, ...keysForSimulator(environment) };
  const none = broker === "none" ? { broker } : {};
  const flags = { live, host, port: ports, hosts, agent };
  const said = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const settings: ServeSettings = { ...said, store, ...inside, ...none };
  return resolveServeConfig(settings, environment);
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 0 up.");
  return Number(value);
}
