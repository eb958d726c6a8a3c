/** `tradelatch replay`: a recorded day, without the latch and with it, side by side. */
import { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { replaySession } from "../replay/replay.ts";
import { reportJson } from "../replay/report.ts";
import { loadSession, sessionPath } from "../replay/session.ts";
import { renderReport } from "../replay/terminal-report.ts";
import type { CommandOutput } from "./command-output.ts";

/** Used where standard output is not a terminal. */
const DEFAULT_COLUMNS = 80;

export function replayCommand(output: CommandOutput): Command {
  return new Command("replay")
    .description("replay a recorded session without the latch and with it, side by side")
    .argument("[session]", "a session file, or the day of a bundled one (default: 2026-05-21)")
    .option("--json", "print one JSON document and nothing else")
    .action(async (argument: string | undefined, options: { json?: boolean }) => {
      const session = loadSession(sessionPath(argument));
      const { report, timeline } = await replaySession(session, systemClock);
      const { columns = DEFAULT_COLUMNS, color } = output;
      output.line(
        options.json === true
          ? reportJson(report)
          : renderReport(timeline, report, { columns, color }),
      );
    });
}
