/**
 * `tradelatch broker-sim`: the simulated broker as a server of its own, until told to end.
 * The broker is loaded when it is started, so that help and complaints come at once.
 */
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { parseDecimal, signOf } from "../core/decimal.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";

const DEFAULT_PORT = 4599;
const LAST_PORT = 65_535;

type Price = readonly [symbol: string, price: string];

interface BrokerSimOptions {
  readonly port: number;
  readonly seed: number;
  readonly price?: readonly Price[];
  readonly json?: boolean;
}

/** The command ends, with success, when `stop` aborts: a server has no other end. */
export function brokerSimCommand(output: CommandOutput, stop: AbortSignal): Command {
  return new Command("broker-sim")
    .summary("run the simulated Alpaca broker on a port of its own")
    .description("Run the simulated Alpaca broker on a port of its own, until Ctrl-C ends it.")
    .option("--port <number>", "port to listen on; 0 takes any that is free", port, DEFAULT_PORT)
    .option("--seed <number>", "fixes every id and every chance", wholeNumber, 1)
    .option("--price <symbol=price...>", "opening prices, such as TQQQ=75.33", price)
    .option("--json", "print where it listens as one JSON document")
    .addHelpText(
      "after",
      examples(
        "tradelatch broker-sim --price TQQQ=75.33 SQQQ=40.90",
        "tradelatch broker-sim --port 0 --seed 7 --json",
      ),
    )
    .action(async (options: BrokerSimOptions) => {
      const { startSimulator } = await import("../simulator/index.ts");
      const simulator = await startSimulator({
        port: options.port,
        seed: options.seed,
        prices: Object.fromEntries(options.price ?? []),
      });
      const { url, port } = simulator;
      output.line(
        options.json === true
          ? JSON.stringify({ url, port })
          : `The simulated broker listens on ${url}\n` +
              `Set APCA_API_BASE_URL=${url}; end it with Ctrl-C.`,
      );
      if (!stop.aborted) await once(stop, "abort");
      await simulator.close();
    });
}

function port(value: string): number {
  const parsed = wholeNumber(value);
  if (parsed > LAST_PORT) throw new InvalidArgumentError(`A port is at most ${LAST_PORT}.`);
  return parsed;
}

function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("Give a whole number from 0 up.");
  return Number(value);
}

function price(value: string, before: readonly Price[] = []): readonly Price[] {
  const [symbol = "", amount = "", ...rest] = value.split("=");
  const parsed = parseDecimal(amount);
  if (
    !/^[A-Z][A-Z0-9./]*$/.test(symbol) ||
    parsed === undefined ||
    signOf(parsed) !== 1 ||
    rest.length > 0
  ) {
    throw new InvalidArgumentError(
      "Give SYMBOL=PRICE, in capitals and above zero, such as TQQQ=75.33.",
    );
  }
  return [...before, [symbol, amount]];
}
