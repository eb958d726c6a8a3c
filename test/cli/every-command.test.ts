import { existsSync } from "node:fs";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { run, startProgram } from "./program.ts";

const COLUMNS = 80;

function newProgram(): Command {
  const output = { line: () => undefined, columns: undefined, color: false, logsAreRead: false };
  return createProgram(output, {}, new AbortController().signal);
}

/** Every command with the words that lead to it; the program itself has none. */
function everyCommand(command: Command, path: readonly string[] = []): [string, Command][] {
  const inner = command.commands.flatMap((one) => everyCommand(one, [...path, one.name()]));
  return [[path.join(" "), command], ...inner];
}

/** What `--help` prints behind these words. */
async function helpOf(words: string): Promise<string> {
  const program = newProgram();
  let said = "";
  const writeOut = (text: string) => {
    said += text;
  };
  for (const [, command] of everyCommand(program)) {
    command.configureOutput({ writeOut, getOutHelpWidth: () => COLUMNS });
  }
  const ended = program.parseAsync([...words.split(" ").filter(Boolean), "--help"], {
    from: "user",
  });
  await expect(ended).rejects.toMatchObject({ exitCode: 0 });
  return said;
}

const COMMANDS = everyCommand(newProgram());
/** They only gather other commands. */
const WITHOUT_JSON = ["", "store", "audit"];

describe("every command", () => {
  test.each(COMMANDS)("leaves it to the page where its lines break: %s", (_, command) => {
    expect(command.description()).not.toContain("\n");
  });

  test.each(COMMANDS)("shows examples that it accepts, within 80 columns: %s", async (words) => {
    const help = await helpOf(words);
    expect(help.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
    const examples = help.split("\nExamples:\n")[1] ?? "";
    const lines = examples.split("\n").filter((line) => line.startsWith("  "));
    expect(lines.length).toBeGreaterThan(0);
    const start = words === "" ? "tradelatch" : `tradelatch ${words}`;
    expect(lines.some((line) => line.includes(start))).toBe(true);
    const known = COMMANDS.flatMap(([, { options }]) => options.map(({ long }) => long));
    for (const [flag] of examples.matchAll(/--[a-z-]+/g)) expect(known).toContain(flag);
  });

  test.each(COMMANDS.filter(([words]) => !WITHOUT_JSON.includes(words)))(
    "can be read by a program: %s",
    (_, command) => {
      expect(command.options.map(({ long }) => long)).toContain("--json");
    },
  );
});

describe("what a command prints", () => {
  test("does not mind a reader that goes away", async () => {
    const { child, ended } = startProgram(["completion", "bash"]);
    child.stdout?.destroy();
    const { stderr, exitCode } = await ended;
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  });

  test.runIf(existsSync("/dev/full"))("is said in one line to have had no room", async () => {
    const { stderr, exitCode } = await run(["completion", "bash"], { stdout: "/dev/full" });
    expect(stderr).toMatch(
      /^tradelatch: standard output cannot be written: ENOSPC[^\n]+\. Make room [^\n]+\n$/,
    );
    expect(exitCode).toBe(1);
  });
});
