/** `tradelatch completion`: a script for the shell, made of the commands that the program has. */
import { Argument, Command } from "commander";
import type { CommandOutput } from "./command-output.ts";
import { completionScript, SHELLS, type Shell } from "./completion-script.ts";
import { completionPlaces } from "./completion-tree.ts";
import { examples } from "./examples.ts";

/** `program` is asked when the command runs, and has all its commands by then. */
export function completionCommand(output: CommandOutput, program: () => Command): Command {
  return new Command("completion")
    .summary("print a completion script for bash, zsh or fish")
    .description("Print a script that completes commands and options in your shell.")
    .addArgument(new Argument("<shell>", "the shell that reads it").choices(SHELLS))
    .addHelpText(
      "after",
      examples(
        "source <(tradelatch completion bash)",
        "source <(tradelatch completion zsh)",
        "tradelatch completion fish | source",
      ),
    )
    .option("--json", "print it as one JSON document")
    .action((shell: Shell, { json }: { readonly json?: boolean }) => {
      const script = completionScript(shell, completionPlaces(program())).trimEnd();
      output.line(json === true ? JSON.stringify({ shell, script }) : script);
    });
}
