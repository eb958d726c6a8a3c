/**
 * `tradelatch replay`: a recorded day, without the latch and with it, side by side.
 * What a run needs is loaded when it runs, so that help and complaints come at once.
 */
import { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import type { CommandOutput } from "./command-output.ts";

/** Used where standard output is not a terminal. */
const DEFAULT_COLUMNS = 80;

export function replayCommand(output: CommandOutput, stop: AbortSignal): Command {
  return new Command("replay")
    .summary("replay a recorded session without the latch and with it")
    .description(
      "Replay a recorded session without the latch and with it, side by side, against a\n" +
        "simulated broker. Needs no account.",
    )
    .argument("[session]", "a session file, or the day of a bundled one (default: 2026-05-21)")
    .option("--json", "print one JSON document and nothing else")
    .action(async (argument: string | undefined, { json }: { json?: boolean }) => {
      output.line(await replayed(argument, json === true, output, stop));
    });
}

async function replayed(
  argument: string | undefined,
  asJson: boolean,
  { columns = DEFAULT_COLUMNS, color }: CommandOutput,
  stop: AbortSignal,
): Promise<string> {
  const { loadSession, sessionPath } = await import("../replay/session.ts");
  const session = loadSession(sessionPath(argument));
  const { replaySession } = await import("../replay/replay.ts");
  const { report, timeline } = await replaySession(session, systemClock, stop);
  if (asJson) return (await import("../replay/report.ts")).reportJson(report);
  const { renderReport } = await import("../replay/terminal-report.ts");
  return renderReport(timeline, report, { columns, color });
}
