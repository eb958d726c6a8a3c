import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../ledger/temporary-folder.ts";
import { runHere } from "./in-process.ts";

function has(shell: string): boolean {
  try {
    execFileSync(shell, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function scriptFor(shell: string): Promise<string> {
  return (await runHere(["completion", shell])).stdout;
}

describe.skipIf(!has("bash"))("completion in bash", () => {
  let script = "";
  beforeAll(async () => {
    script = await scriptFor("bash");
  });

  /** What bash offers behind these words, the last of which is being typed. */
  function offered(...words: readonly string[]): readonly string[] {
    const file = join(temporaryFolder(), "ask.bash");
    const typed = ["tradelatch", ...words].map((word) => `'${word}'`).join(" ");
    writeFileSync(
      file,
      `set -u\n${script}\nCOMP_WORDS=(${typed})\nCOMP_CWORD=${words.length}\n` +
        `_tradelatch\nprintf '%s\\n' "\${COMPREPLY[@]+"\${COMPREPLY[@]}"}"\n`,
    );
    const text = execFileSync("bash", ["--norc", file], { encoding: "utf8" });
    return text.split("\n").filter(Boolean);
  }

  test("offers the commands, and the one that was begun", () => {
    expect(offered("")).toEqual(expect.arrayContaining(["serve", "doctor", "reconcile", "help"]));
    expect(offered("rec")).toEqual(["reconcile"]);
    expect(offered("--v")).toEqual(["--version"]);
  });

  test("offers a command's own options and commands, also behind options", () => {
    expect(offered("doctor", "--p")).toEqual(["--port"]);
    expect(offered("incidents", "")).toEqual(expect.arrayContaining(["show", "resolve", "--open"]));
    expect(offered("incidents", "--open", "resolve", "3", "--re")).toEqual(["--reason"]);
    expect(offered("incidents", "show", "--reason")).toEqual([]);
  });

  test("offers the few values that an option takes, and leaves files to the shell", () => {
    expect(offered("incidents", "resolve", "--as", "a")).toEqual(["absent", "already-flat"]);
    expect(offered("serve", "--store", "")).toEqual([]);
  });

  test("is registered for the program", () => {
    const text = execFileSync("bash", ["--norc", "-c", `${script}\ncomplete -p tradelatch`]);
    expect(text.toString()).toBe("complete -o default -F _tradelatch tradelatch\n");
  });
});

describe("completion in other shells", () => {
  test.skipIf(!has("zsh"))("is read by zsh", async () => {
    execFileSync("zsh", ["-f", "-n", "-c", await scriptFor("zsh")]);
  });

  test.skipIf(!has("fish"))("is read by fish", async () => {
    execFileSync("fish", ["--no-config", "--no-execute", "-c", await scriptFor("fish")]);
  });

  test("names every command for fish, with what it is for", async () => {
    const script = await scriptFor("fish");
    expect(script).toMatch(/^complete -c tradelatch .* -f -a doctor -d 'check what a sidecar/m);
    expect(script).toMatch(
      /^complete -c tradelatch -n '__fish_seen_subcommand_from serve' -l port -r -d 'port to/m,
    );
    expect(script).toMatch(/-l as -r -f -a 'absent rejected already-flat done' /);
  });

  test("is refused for a shell that is not known, which is named", async () => {
    const ended = await runHere(["completion", "tcsh"]);
    expect(ended).toMatchObject({ stdout: "", exitCode: 2 });
    expect(ended.stderr).toContain("'tcsh'");
  });
});
