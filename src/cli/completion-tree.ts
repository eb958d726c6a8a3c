/** What may stand where on the command line, from the commands themselves. Pure. */
import type { Command, Option } from "commander";

export interface CompletionOption {
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The values that it takes; empty where they are not a few words. */
  readonly choices: readonly string[];
}

export interface CompletionPlace {
  /** The words before: none, `incidents`, `incidents show`. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletionOption[];
  /** The words that its arguments may be; empty where they are not a few. */
  readonly values: readonly string[];
}

/** The program itself first, and each command before those inside it. */
export function completionPlaces(
  command: Command,
  path: readonly string[] = [],
): readonly CompletionPlace[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const place: CompletionPlace = {
    path,
    commands: commands.map((one) => ({ name: one.name(), description: oneLine(summaryOf(one)) })),
    options: help.visibleOptions(command).flatMap((option) => optionOf(option)),
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  const inner = command.commands.flatMap((one) => completionPlaces(one, [...path, one.name()]));
  return [place, ...inner];
}

function optionOf({ long, description, required, argChoices }: Option) {
  if (long === undefined || long === null) return [];
  const text = oneLine(description);
  return [{ name: long, description: text, takesValue: required, choices: argChoices ?? [] }];
}

function summaryOf(command: Command): string {
  return command.summary() || command.description();
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
