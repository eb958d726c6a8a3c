/** Refuses a flag that would have no effect: it would be taken for one that has some. */
import type { Command } from "commander";

/** Ends `command` with its complaint where one of `names` was given on the command line. */
export function refuseUseless(
  command: Command,
  names: readonly string[],
  complaint: (flag: string) => string,
): void {
  const given = names.find((name) => command.getOptionValueSource(name) === "cli");
  if (given === undefined) return;
  command.error(complaint(`--${given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`));
}
