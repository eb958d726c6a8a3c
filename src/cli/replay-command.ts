/**
 * `tradelatch replay`: a recorded day, without the latch and with it, side by side.
 * What a run needs is loaded when it runs, so that help and complaints come at once.
 */
import { Command } from "commander";
import { type Clock, systemClock } from "../core/clock.ts";
import { bundledSessions, DEFAULT_SESSION } from "../replay/bundled-sessions.ts";
import type { Replay } from "../replay/replay.ts";
import type { NamedReport } from "../replay/report.ts";
import type { CommandOutput } from "./command-output.ts";
import { examples } from "./examples.ts";
import { ProgressBar } from "./progress-bar.ts";

/** Used where standard output is not a terminal. */
const DEFAULT_COLUMNS = 80;

interface ReplayOptions {
  readonly json?: boolean;
  readonly all?: boolean;
}

interface Run {
  readonly asJson: boolean;
  readonly columns: number;
  readonly color: boolean;
  readonly stop: AbortSignal;
  readonly bar: ProgressBar;
}

export function replayCommand(
  output: CommandOutput,
  stop: AbortSignal,
  clock: Clock = systemClock,
): Command {
  const { columns = DEFAULT_COLUMNS, color } = output;
  return new Command("replay")
    .summary("replay a recorded session without the latch and with it")
    .description(
      "Replay a recorded session without the latch and with it, side by side, against a " +
        "simulated broker. Needs no account.",
    )
    .argument("[session]", `a session file, or a bundled session (default: ${DEFAULT_SESSION})`)
    .option("--all", "replay every bundled session and print one summary")
    .option("--json", "print one JSON document and nothing else")
    .addHelpText(
      "after",
      examples(
        "tradelatch replay",
        "tradelatch replay 2026-05-22",
        "tradelatch replay --all --json",
      ),
    )
    .addHelpText("after", () => ["\nBundled sessions:", ...bundledSessions()].join("\n  "))
    .action(async (argument: string | undefined, options: ReplayOptions, command: Command) => {
      if (options.all === true && argument !== undefined) {
        command.error(`--all takes no session, received ${JSON.stringify(argument)}`);
      }
      const bar = new ProgressBar(output, clock, "Replaying");
      const run: Run = { asJson: options.json === true, columns, color, stop, bar };
      const replays = options.all === true ? replayedAll(run) : replayed(argument, run);
      output.line(await replays.finally(() => bar.end()));
    });
}

async function replayed(argument: string | undefined, run: Run): Promise<string> {
  const replay = await replayOf(argument, run, (part) => run.bar.update(part, 1));
  if (run.asJson) return (await import("../replay/report.ts")).reportJson(replay.report);
  const { renderReport } = await import("../replay/terminal-report.ts");
  const page = renderReport(replay, run);
  return argument === undefined ? `${page}\n\n${otherSessions()}` : page;
}

async function replayedAll(run: Run): Promise<string> {
  const reports: NamedReport[] = [];
  const names = bundledSessions();
  for (const name of names) {
    const onProgress = (part: number) => run.bar.update(reports.length + part, names.length);
    const { report } = await replayOf(name, run, onProgress);
    reports.push({ name, report });
  }
  if (run.asJson) return (await import("../replay/report.ts")).reportsJson(reports);
  return (await import("../replay/summary.ts")).renderSummary(reports, run);
}

async function replayOf(
  argument: string | undefined,
  { stop }: Run,
  onProgress: (part: number) => void,
): Promise<Replay> {
  const { loadSession, sessionPath } = await import("../replay/session.ts");
  const session = loadSession(sessionPath(argument));
  const { replaySession } = await import("../replay/replay.ts");
  return replaySession(session, systemClock, stop, onProgress);
}

/** What else there is to be seen, one command a line. */
function otherSessions(): string {
  const others = bundledSessions().filter((name) => name !== DEFAULT_SESSION);
  const commands = [...others, "--all"].map((words) => `npx tradelatch replay ${words}`);
  return ["More sessions:", ...commands].join("\n  ");
}
