/** What a failure says on standard error, and how the program exits: 2 for misuse, else 1. */
import { CommanderError } from "commander";
import { isFolderGone, LatchError, messageOf } from "../core/errors.ts";
import { plainText } from "../replay/text-columns.ts";
import { StoppedError } from "./stop-signal.ts";

export const EXIT_FAILURE = 1;
const EXIT_MISUSE = 2;

export interface FailureLine {
  readonly line: string;
  readonly exitCode: number;
}

/**
 * One line, never a stack trace. `words` are the program's arguments, `commands` what it knows,
 * with the words that lead to each: `audit`, `audit list`.
 */
export function failureLine(
  error: unknown,
  words: readonly string[],
  commands: readonly string[],
): FailureLine {
  const { sentences, exitCode } = explain(error, words, commands);
  return { line: `tradelatch: ${sentences.map(asSentence).join(" ")}`, exitCode };
}

function explain(
  error: unknown,
  words: readonly string[],
  commands: readonly string[],
): { readonly sentences: readonly string[]; readonly exitCode: number } {
  if (error instanceof LatchError) {
    return { sentences: [withReason(error), error.hint], exitCode: error.exitCode };
  }
  if (error instanceof CommanderError) {
    const [first = "", second = ""] = words;
    const command = [`${first} ${second}`, first].find((path) => commands.includes(path));
    const help = ["tradelatch", ...(command === undefined ? [] : [command]), "--help"].join(" ");
    const sentences = [complaint(error, words, commands), `Run ${help} for what is accepted`];
    return { sentences, exitCode: EXIT_MISUSE };
  }
  if (error instanceof StoppedError) {
    return { sentences: [error.message], exitCode: error.exitCode };
  }
  const message = messageOf(error);
  const sentence = isFolderGone(error) ? message : `unexpected failure: ${message}`;
  return { sentences: [sentence], exitCode: EXIT_FAILURE };
}

/** Where no command fits, commander has only its whole help to show. */
function complaint(
  error: CommanderError,
  [first, second]: readonly string[],
  commands: readonly string[],
): string {
  if (error.code !== "commander.help") return error.message.replace(/^error: /, "");
  const what = first === "help" ? `unknown command '${second}'` : "no command was given";
  const names = commands.filter((path) => !path.includes(" "));
  return `${what}, expected ${names.join(" or ")}`;
}

/** The message, with what the operating system said where the message does not say it itself. */
function withReason({ message, cause }: LatchError): string {
  if (!(cause instanceof Error && "code" in cause && "syscall" in cause)) return message;
  const reason = messageOf(cause);
  return message.includes(reason) ? message : `${message}: ${reason}`;
}

/** What somebody else has said is in it too, and must not move the cursor. */
function asSentence(text: string): string {
  return `${plainText(text).replace(/\.$/, "")}.`;
}
