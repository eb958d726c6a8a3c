/**
 * `tradelatch run`: a strategy, on bars from files against the simulated broker, or on live bars
 * and a real account. What a run needs is loaded when it runs, so that help and complaints come at
 * once.
 */
import { createReadStream } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Environment } from "../config.ts";
import { systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import type { Backtest, BacktestOptions } from "../run/backtest.ts";
import { FAULT_LEVELS, type FaultLevel } from "../run/heavy-faults.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import { widthOf } from "./page-width.ts";
import { ProgressBar } from "./progress-bar.ts";
import { addLiveOptions, type LiveFlags, refuseMixedFlags } from "./run-live-options.ts";
import { type FileKind, placeOf, writeWhole } from "./whole-file.ts";

const DEFAULT_REPORT = "tradelatch-report.html";
/** In so many first bytes a report says that it is one. */
const HEAD_BYTES = 1_024;
const MOST_INSTANCES = 8;
const REPORT: FileKind = {
  name: "report",
  isOne: async (file) => {
    const { REPORT_MARK } = await import("../run/report-page.ts");
    for await (const head of createReadStream(file, { end: HEAD_BYTES - 1 })) {
      return String(head).includes(REPORT_MARK);
    }
    return false;
  },
};

interface RunOptions extends Omit<LiveFlags, "json"> {
  readonly bars?: readonly string[];
  readonly broker: "sim";
  readonly faults: FaultLevel;
  readonly instances: number;
  readonly seed: number;
  readonly set?: Readonly<Record<string, string>>;
  /** False with `--no-report`. */
  readonly report: string | false;
  readonly json?: boolean;
}

export function runCommand(
  output: CommandOutput,
  environment: Environment,
  stop: AbortSignal,
): Command {
  const command = new Command("run")
    .summary("run a strategy on bars, through the latch")
    .description(
      "Run a strategy through the latch: on bars from files against the simulated " +
        "broker, without an account (docs/STRATEGIES.md), or on live bars with orders " +
        "to Alpaca's paper account (docs/PAPER.md).",
    )
    .argument("<strategy>", "the strategy's file, TypeScript or JavaScript")
    .option("--bars <file...>", "CSV files of one-minute bars: FILE, or SYMBOL=FILE")
    .addOption(new Option("--broker <name>", "the broker").choices(["sim"]).default("sim"))
    .addOption(
      new Option("--faults <level>", "how the broker misbehaves")
        .choices(FAULT_LEVELS)
        .default("none"),
    )
    .option("--instances <number>", "instances of the bot, in one agent group", instances, 1)
    .option("--seed <number>", "fixes every id, every chance and every fault", seed, 1)
    .option("--set <name=value...>", "a parameter of the strategy", parameter)
    .option(
      "--report <file>",
      "where the HTML report goes; an older one is replaced",
      DEFAULT_REPORT,
    )
    .option("--no-report", "write no HTML report")
    .option("--json", "print JSON and nothing else; with --feed one object a line");
  addLiveOptions(command);
  return command
    .addHelpText(
      "after",
      examples(
        "tradelatch run strategies/momentum.ts --bars fixtures/bars/2026-05-21-qqq.csv",
        "tradelatch run strategies/momentum.ts --bars qqq.csv --faults heavy",
        "tradelatch run my-bot.ts --bars SPY=spy.csv --set quantity=2 --json",
        "tradelatch run strategies/momentum.ts --feed alpaca --paper --dry-run",
      ),
    )
    .action(async (strategy: string, options: RunOptions, command: Command) => {
      const { bars, faults } = options;
      refuseMixedFlags(command, options.feed !== undefined);
      if (options.feed !== undefined) {
        const { runLive } = await import("./run-live-actions.ts");
        await runLive(strategy, options.set ?? {}, options, { output, environment, stop });
      } else if (bars === undefined) {
        command.error("--bars is missing: give a file of bars, or --feed alpaca for live ones");
      } else {
        const { set: parameters = {}, seed: ofSeed, instances: number } = options;
        const given = { strategy, parameters, bars, faults, seed: ofSeed, instances: number };
        await runBacktestCommand(given, options, output, stop);
      }
    });
}

/**
 * Rejects with LatchError `file_unwritable` or `file_in_the_way` where the report would have no
 * place; what fails later, and `run_unsound`, is said after all has been printed.
 */
async function runBacktestCommand(
  given: BacktestOptions,
  { report, json }: RunOptions,
  output: CommandOutput,
  stop: AbortSignal,
): Promise<void> {
  if (report !== false) await placeOf(report, REPORT);
  const { backtest } = await import("../run/backtest.ts");
  const bar = new ProgressBar(output, systemClock, "Running");
  const onProgress = (part: number) => bar.update(part, 1);
  const done = await backtest(given, systemClock, stop, onProgress).finally(() => bar.end());
  const unwritten = await reportFailure(done, report);
  const at = report === false || unwritten !== undefined ? null : report;
  await print(done, at, json === true, output);
  // A run is not lost because its report is.
  if (unwritten !== undefined) throw unwritten;
  const { unsoundness } = await import("../run/run-summary.ts");
  const found = unsoundness(done.summary);
  if (found !== undefined) throw new LatchError("run_unsound", found);
}

/** Why the report could not be written; undefined where it was, or where none is wanted. */
async function reportFailure(done: Backtest, report: string | false): Promise<unknown> {
  if (report === false) return undefined;
  const { reportPage } = await import("../run/report-page.ts");
  try {
    const page = reportPage(done);
    await writeWhole(report, REPORT, (file) => file.writeFile(page));
    return undefined;
  } catch (error) {
    return error;
  }
}

async function print(
  done: Backtest,
  report: string | null,
  asJson: boolean,
  output: CommandOutput,
): Promise<void> {
  if (asJson) {
    const { runDocument } = await import("../run/run-document.ts");
    output.line(JSON.stringify(runDocument(done, report), null, 2));
    return;
  }
  const { runText } = await import("../run/run-text.ts");
  output.line(runText(done, report, widthOf(output)));
}

function wholeNumber(value: string, least: number, most: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most) {
    return Number(value);
  }
  throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
}

function instances(value: string): number {
  return wholeNumber(value, 1, MOST_INSTANCES);
}

function seed(value: string): number {
  return wholeNumber(value, 0, 999_999_999);
}

function parameter(
  value: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, text] = /^([A-Za-z]\w*)=(.*)$/s.exec(value) ?? [];
  if (name === undefined || text === undefined) {
    throw new InvalidArgumentError("Give NAME=VALUE, such as bullQuantity=6.");
  }
  return { ...before, [name]: text };
}
