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

  test("is the same script as JSON", async () => {
    const { stdout } = await runHere(["completion", "bash", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ shell: "bash", script: script.trimEnd() });
  });

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
    expect(offered("completion", "f")).toEqual(["fish"]);
  });

  test("is registered for the program", () => {
    const text = execFileSync("bash", ["--norc", "-c", `${script}\ncomplete -p tradelatch`]);
    expect(text.toString()).toBe("complete -o default -F _tradelatch tradelatch\n");
  });
});

/** A zsh that a person sits at: it is typed to, and what it shows is waited for. */
const TYPING = `
zmodload zsh/zpty
zpty shell "env -i PATH=$PATH HOME=$1 TERM=dumb zsh -f -i"
zpty -w shell "source $1/script.zsh; echo SOUR''CED"
zpty -r shell shown '*SOURCED*'
home=$1; shift
for typed completed in "$@"; do
  zpty -w -n shell "$typed"$'\\t'
  zpty -r shell shown "*$completed*"
  print -r -- "$shown"
  zpty -w -n shell $'\\x15'
done
zpty -d shell
`;

describe.skipIf(!has("zsh"))("completion in zsh", () => {
  test("completes a command, an option and a value as they are typed", async () => {
    const home = temporaryFolder();
    writeFileSync(join(home, "script.zsh"), await scriptFor("zsh"));
    const pairs = [
      ...["tradelatch rec", "tradelatch reconcile "],
      ...["tradelatch doctor --po", "tradelatch doctor --port "],
      ...["tradelatch incidents resolve --as alr", "--as already-flat "],
    ];
    const words = ["-f", "-c", TYPING, "zsh", home, ...pairs];
    const shown = execFileSync("zsh", words, { encoding: "utf8", timeout: 60_000 });
    expect(shown).toContain("already-flat");
  });
});

describe.skipIf(!has("fish"))("completion in fish", () => {
  let script = "";
  beforeAll(async () => {
    script = await scriptFor("fish");
  });

  /** What fish offers behind what is typed. */
  function offered(typed: string): readonly string[] {
    const file = join(temporaryFolder(), "script.fish");
    writeFileSync(file, script);
    const asked = ["--no-config", "-c", `source ${file}; complete -C '${typed}'`];
    const text = execFileSync("fish", asked, { encoding: "utf8" });
    return text.split("\n").map((line) => line.split("\t")[0] ?? "");
  }

  test("offers commands, options, and the few values of one", () => {
    expect(offered("tradelatch rec")).toContain("reconcile");
    expect(offered("tradelatch incidents --open resolve --re")).toContain("--reason");
    expect(offered("tradelatch incidents resolve --as a")).toContain("already-flat");
    expect(offered("tradelatch completion z")).toContain("zsh");
  });
});

describe("completion in any shell", () => {
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
