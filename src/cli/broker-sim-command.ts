/**
 * `tradelatch broker-sim`: the simulated broker as a server of its own, until told to end.
 * The broker is loaded when it is started, so that help and complaints come at once.
 */
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { parseDecimal, signOf } from "../core/decimal.ts";
import { LatchError } from "../core/errors.ts";
import type { Simulator } from "../simulator/index.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";

const DEFAULT_PORT = 4599;
const LAST_PORT = 65_535;

type Price = readonly [symbol: string, price: string];

interface BrokerSimOptions {
  readonly port: number;
  readonly seed: number;
  readonly price?: readonly Price[];
  readonly bars?: readonly string[];
  readonly at?: string;
  readonly json?: boolean;
}

/** Without a day that is played. */
const CLOCK_STANDS = "Its clock stands until it is moved: POST /sim/clock (docs/OPERATING.md)";

/** The command ends, with success, when `stop` aborts: a server has no other end. */
export function brokerSimCommand(output: CommandOutput, stop: AbortSignal): Command {
  return new Command("broker-sim")
    .summary("run the simulated Alpaca broker on a port of its own")
    .description("Run the simulated Alpaca broker on a port of its own, until Ctrl-C ends it.")
    .option("--port <number>", "port to listen on; 0 takes any that is free", port, DEFAULT_PORT)
    .option("--seed <number>", "fixes every id and every chance", wholeNumber, 1)
    .option("--price <symbol=price...>", "opening prices, such as TQQQ=75.33", price)
    .option("--bars <file...>", "CSV files of a day of bars, played from now on in real time", bars)
    .option("--at <HH:MM>", "the minute of that day that it is now (New York)", timeOfDay)
    .option("--json", "print where it listens as one JSON document")
    .addHelpText(
      "after",
      examples(
        "tradelatch broker-sim --price TQQQ=75.33 SQQQ=40.90",
        "tradelatch broker-sim --port 0 --seed 7 --json",
        "tradelatch broker-sim --bars fixtures/bars/2026-05-21-*.csv --at 09:40",
      ),
    )
    .action(async (options: BrokerSimOptions) => {
      const { startSimulator } = await import("../simulator/index.ts");
      const day = await dayOf(options);
      output.goOn?.();
      const simulator = await startSimulator({
        port: options.port,
        seed: options.seed,
        prices: Object.fromEntries(options.price ?? []),
        ...day?.world,
      });
      const stopTime = await day?.follow(simulator);
      const { url, port } = simulator;
      output.line(
        options.json === true
          ? JSON.stringify({ url, port })
          : `The simulated broker listens on ${url}\n` +
              `${day?.text ?? CLOCK_STANDS}\n` +
              `Set APCA_API_BASE_URL=${url}; end it with Ctrl-C.`,
      );
      if (!stop.aborted) await once(stop, "abort");
      await stopTime?.();
      await simulator.close();
    });
}

/** With `--bars`: the world that the broker begins in, and what has it live in real time. */
async function dayOf({ bars, at }: BrokerSimOptions) {
  if (bars === undefined) {
    if (at === undefined) return undefined;
    throw new LatchError("invalid_option", "--at goes with --bars: give the files of a day");
  }
  const [{ readBars }, { playedDay }, { followSystemClock }, { systemClock }, { openLogger }] =
    await Promise.all([
      import("../run/bar-file.ts"),
      import("./played-day.ts"),
      import("./simulated-time.ts"),
      import("../core/clock.ts"),
      import("./open-logger.ts"),
    ]);
  const { open, close, ...world } = playedDay(readBars(bars), systemClock.now(), at);
  const logger = await openLogger("warn", false);
  return {
    world,
    text: `It plays ${Object.keys(world.bars ?? {}).join(", ")}, in real time, ${open} to ${close}`,
    follow: (simulator: Simulator) => followSystemClock(simulator, logger),
  };
}

function bars(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function timeOfDay(value: string): string {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(value)) return value;
  throw new InvalidArgumentError("Give a time of day, such as 09:40.");
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
