/** `tradelatch broker-sim`: the simulated broker as a server of its own, until it is told to end. */
import { Command, InvalidArgumentError } from "commander";
import { pino } from "pino";
import { startSimulator } from "../simulator/index.ts";
import type { CommandOutput } from "./command-output.ts";

const DEFAULT_PORT = 4599;
const LAST_PORT = 65_535;

export interface StopSignal {
  /** Resolves with the signal's name when the program is told to end. */
  readonly stopped: Promise<string>;
}

export function brokerSimCommand(output: CommandOutput, stop: StopSignal): Command {
  return new Command("broker-sim")
    .description("run the simulated Alpaca broker on a port of its own")
    .option("--port <number>", "port to listen on; 0 takes any that is free", port, DEFAULT_PORT)
    .option("--seed <number>", "fixes every id and every chance", wholeNumber, 1)
    .option("--price <symbol=price...>", "opening prices, such as TQQQ=75.33", pair)
    .option("--json", "print where it listens as one JSON document, and log as JSON")
    .action(async (options: BrokerSimOptions) => {
      const simulator = await startSimulator({
        port: options.port,
        seed: options.seed,
        prices: Object.fromEntries(options.price ?? []),
      });
      const { url, port } = simulator;
      output.line(
        options.json === true
          ? JSON.stringify({ url, port })
          : `The simulated broker listens on ${url}\nSet APCA_API_BASE_URL=${url}; end it with Ctrl-C.`,
      );
      const signal = await stop.stopped;
      await simulator.close();
      pino({ name: "broker-sim" }, pino.destination(2)).info({ signal }, "ended");
    });
}

interface BrokerSimOptions {
  readonly port: number;
  readonly seed: number;
  readonly price?: readonly (readonly [string, string])[];
  readonly json?: boolean;
}

function port(value: string): number {
  const parsed = wholeNumber(value);
  if (parsed > LAST_PORT) throw new InvalidArgumentError(`A port is at most ${LAST_PORT}.`);
  return parsed;
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a whole number.");
  return Number(value);
}

function pair(
  value: string,
  before: readonly (readonly [string, string])[] = [],
): readonly (readonly [string, string])[] {
  const [symbol = "", price = "", ...rest] = value.split("=");
  if (symbol === "" || price === "" || rest.length > 0) {
    throw new InvalidArgumentError("Give SYMBOL=PRICE, such as TQQQ=75.33.");
  }
  return [...before, [symbol, price]];
}
