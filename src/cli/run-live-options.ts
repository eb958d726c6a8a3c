/**
 * The flags of `tradelatch run --feed alpaca`, and that nobody mixes them with a backtest's.
 */
import { type Command, Option } from "commander";
import type { RunLiveOptions } from "./run-live-actions.ts";
import { refuseUseless } from "./useless-flag.ts";

export interface LiveFlags extends RunLiveOptions {
  readonly feed?: "alpaca";
}

const OF_LIVE = ["paper", "live", "dryRun", "store", "agent", "dataFeed", "logLevel"] as const;
const OF_BACKTEST = ["bars", "broker", "faults", "instances", "seed", "report"] as const;

export function addLiveOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--feed <name>", "live bars and orders, in place of --bars").choices(["alpaca"]),
    )
    .option("--paper", "with --feed: trade the paper account, as it does by default")
    .option("--live", "with --feed: trade real money, once its account number is typed")
    .option("--dry-run", "with --feed: print intents and send nothing")
    .option("--store <path>", "with --feed: the ledger (default tradelatch.db)")
    .option("--agent <name>", "with --feed: the agent group (default: default)")
    .option("--data-feed <name>", "with --feed: iex (default), or sip: a paid plan")
    .option("--log-level <level>", "with --feed: trace to fatal, or silent (default warn)");
}

/** Ends `command` with its complaint where a flag belongs to the other kind of run. */
export function refuseMixedFlags(command: Command, isLive: boolean): void {
  const strangers = isLive ? OF_BACKTEST : OF_LIVE;
  refuseUseless(command, strangers, (flag) =>
    isLive
      ? `${flag} is a backtest's: leave it out, or leave out --feed`
      : `${flag} goes with --feed alpaca: give that, or leave it out`,
  );
}
