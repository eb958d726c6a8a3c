import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type SessionDocument, sessionDocument } from "../replay/session-file.ts";
import { runHere } from "./in-process.ts";
import { type Ended, inDirectory, PROGRAM, run } from "./program.ts";

/** Misuse: one line that names the value and the remedy, and nothing else. */
function expectMisuse({ stdout, stderr, exitCode }: Ended, ...parts: readonly string[]): void {
  expect(stderr).toMatch(/^tradelatch: [^\n]+\.\n$/);
  for (const part of parts) expect(stderr).toContain(part);
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
}

describe("a command line that is not understood", () => {
  test.each([
    [
      "",
      "no command was given, expected serve or mcp or replay or run or broker-sim or backup or store " +
        "or incidents or audit or reconcile or doctor or completion",
      "tradelatch --help",
    ],
    ["explode", "unknown command 'explode'", "tradelatch --help"],
    ["repaly", "unknown command 'repaly' (Did you mean replay?)", "tradelatch --help"],
    ["--loud", "unknown option '--loud'", "tradelatch --help"],
    ["help explode", "unknown command 'explode'", "tradelatch --help"],
    ["replay --fast", "unknown option '--fast'", "tradelatch replay --help"],
    ["replay --json=yes", "'--json=yes'", "tradelatch replay --help"],
    ["replay 2026-05-21 2026-05-22", 'unexpected argument "2026-05-22"', "replay --help"],
    ["mcp --broker none --allow-orders", "--allow-orders needs a broker", "--help"],
    ["mcp --port 4521", "--port goes with --http: give that", "tradelatch mcp --help"],
    ["mcp --broker sim --host 127.0.0.1", "--host goes with --http", "or leave it out"],
    ["mcp --hosts bots", "--hosts goes with --http", "or leave it out"],
    ["mcp --json --allow-orders", "--json goes with --http", "or leave it out"],
    ["mcp --allow-live-orders", "--allow-live-orders goes with --allow-orders", "leave it out"],
    ["mcp --http --live --broker none", "--live is of no use with --broker none", "leave it out"],
    ["mcp --allow-orders --allow-live-orders --broker sim", "--allow-live-orders is of no use"],
    ["serve --broker sim --live", "--live is of no use with --broker sim", "leave it out"],
    ["serve --broker none --live", "--live is of no use with --broker none", "serve --help"],
    ["serve --broker sim --backup-keep 3", "--backup-keep goes with --backup-dir", "leave it out"],
    ["serve --broker none --port 65536", "port (TRADELATCH_PORT) is 65536: expected at most 65535"],
    ["serve --broker none --data-feed x", "unknown option '--data-feed'", "serve --help"],
    ["serve --broker sim --hosts ,", 'hosts (TRADELATCH_HOSTS) is ","', "names of hosts"],
    ["doctor --broker sim --live", "--live is of no use with --broker sim", "doctor --help"],
    ["doctor --broker none --data", "--data is of no use with --broker none", "leave it out"],
    ["doctor --broker none --data-feed sip", "--data-feed is of no use with --broker none"],
    ["audit list --from 2026-05-22 --until 2026-05-21", "2026-05-22T00:00:00.000Z", "not before"],
    ["audit --from 2026-05-21 --until 2026-05-21", "which is not before --until", "audit --help"],
    ["audit list --limit 5000", "'5000'", "Run tradelatch audit list --help"],
    ["broker-sim here", 'unexpected argument "here"', "tradelatch broker-sim --help"],
    ["broker-sim --port", "--port <number>", "argument missing"],
    ["broker-sim --port eighty", "'eighty'", "whole number"],
    ["broker-sim --port -1", "'-1'", "whole number"],
    ["broker-sim --port 4599.5", "'4599.5'", "whole number"],
    ["broker-sim --port 65536", "'65536'", "at most 65535"],
    ["broker-sim --seed 1e3", "'1e3'", "whole number"],
    ["broker-sim --seed -4", "'-4'", "whole number"],
    ["broker-sim --price TQQQ", "'TQQQ'", "SYMBOL=PRICE"],
    ["broker-sim --price TQQQ=abc", "'TQQQ=abc'", "SYMBOL=PRICE"],
    ["broker-sim --price TQQQ=0", "'TQQQ=0'", "above zero"],
    ["broker-sim --price TQQQ=-75", "'TQQQ=-75'", "above zero"],
    ["broker-sim --price TQQQ=Infinity", "'TQQQ=Infinity'", "above zero"],
    ["broker-sim --price tqqq=75", "'tqqq=75'", "capitals"],
    ["broker-sim --price TQQQ=75=76", "'TQQQ=75=76'", "SYMBOL=PRICE"],
    ["broker-sim --price __proto__=75", "'__proto__=75'", "SYMBOL=PRICE"],
    ["broker-sim --price TQQQTQQQTQQQ=75", "TQQQTQQQTQQQ", "--help"],
  ])("is told in one line: tradelatch %s", async (line, ...parts) => {
    expectMisuse(await runHere(line.split(" ").filter(Boolean)), ...parts);
  });

  test("is told in one line on standard error also when JSON is asked for", async () => {
    expectMisuse(await run(["replay", "--json", "--fast"]), "'--fast'");
    expectMisuse(await run(["replay", "--json", "gone.json"]), '"gone.json"');
  });
});

describe("a folder that was deleted while somebody was in it", () => {
  test.each([
    "serve --broker none --port 0",
    "run bot.ts --bars qqq.csv",
    "audit",
    "store copy --from a.db --to b.db",
  ])("is told in one line: tradelatch %s", async (line) => {
    await inDirectory(async (directory) => {
      const [cwd, words] = [join(directory, "deleted"), line.split(" ")];
      mkdirSync(cwd);
      const script = 'rmdir "$PWD" && exec "$@"';
      const { stderr, status } = spawnSync(
        "sh",
        ["-c", script, "sh", process.execPath, PROGRAM, ...words],
        { cwd, encoding: "utf8" },
      );
      expect(stderr).toMatch(
        /^tradelatch: [^\n]*the folder that it is run in was deleted: [^\n]+\n$/,
      );
      expect(stderr).not.toMatch(/ENOENT|unexpected/);
      expect(status).toBe(1);
    });
  });
});

/** An environment in which `script` runs before the program. */
function preloading(script: string): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(script)}` };
}

describe("a Node that does not fit", () => {
  test("is refused where it is too old, and the doctor looks at the rest as well", async () => {
    await inDirectory(async (cwd) => {
      const env = preloading(`
        const versions = { ...process.versions, node: "18.20.4" };
        Object.defineProperty(process, "versions", { value: versions });
      `);
      const words = ["--broker", "none", "--port", "0"];
      expectMisuse(await run(["serve", ...words], { cwd, env }), "Node 18.20.4", "20.18.1");
      expect(await readdir(cwd)).toEqual([]);
      const { stdout } = await run(["doctor", ...words], { cwd, env });
      expect(stdout).toMatch(/^node +failed +Node 18\.20\.4\n/);
      expect(stdout).toMatch(/^port +ok/m);
    });
  });

  test("is named where SQLite was compiled for another one, and no ledger is made", async () => {
    await inDirectory(async (cwd) => {
      const env = preloading(`
        process.dlopen = () => {
          throw new Error("The module was compiled against a different Node.js version\\nusing 1");
        };
      `);
      const ended = await run(["serve", "--broker", "none", "--port", "0"], { cwd, env });
      expect(ended.stderr).toMatch(
        /^tradelatch: SQLite cannot be loaded by Node [\d.]+: The module was [^\n]+ version\. Remove node_modules and install again [^\n]+\n$/,
      );
      expect(ended).toMatchObject({ stdout: "", exitCode: 1 });
      expect(await readdir(cwd)).toEqual([]);
      const { stdout, exitCode } = await run(["doctor", "--broker", "none"], { cwd, env });
      expect(stdout).toMatch(/^store +failed +SQLite cannot be loaded by Node [\d.]+: The module/m);
      expect(exitCode).toBe(1);
    });
  });
});

describe("a session that cannot be read", () => {
  test.each([
    ["gone.json", '"gone.json": ENOENT'],
    [".", '".": EISDIR'],
    ["2026-05-20", "2026-05-20", "2026-05-19, 2026-05-21, 2026-05-22"],
    ["", '"": ENOENT'],
  ])("is named with the reason, once: %j", async (path, ...parts) => {
    await inDirectory(async (directory) => {
      const ended = await run(["replay", path], { cwd: directory });
      expectMisuse(ended, ...parts);
      expect(ended.stderr.match(/ENOENT|EISDIR/g)?.length ?? 0).toBeLessThanOrEqual(1);
    });
  });

  test("is told what is not JSON about it", async () => {
    await inDirectory(async (directory) => {
      writeFileSync(join(directory, "days.json"), "{ time,\n event }");
      expectMisuse(
        await run(["replay", "days.json"], { cwd: directory }),
        'session "days.json": not JSON',
      );
    });
  });
});

describe("a session with a field that is wrong", () => {
  const set = (field: string, value: unknown) => (document: SessionDocument) => {
    Object.assign(document.events[0] ?? {}, { [field]: value });
  };

  test.each<[string, (document: SessionDocument) => void, string]>([
    ["missing", set("instance", undefined), "events[0].instance is missing"],
    ["unknown", set("size", 6), "events[0].size is 6, expected no field of that name"],
    ["a negative quantity", set("quantity", "-6"), 'events[0].quantity is "-6"'],
    ["a quantity of zero", set("quantity", "0"), 'events[0].quantity is "0"'],
    ["an infinite quantity", set("quantity", "Infinity"), 'events[0].quantity is "Infinity"'],
    ["no number", set("quantity", "NaN"), 'events[0].quantity is "NaN"'],
    ["an over-precise quantity", set("quantity", "6.0000000001"), '"6.0000000001"'],
    ["no symbol", set("symbol", "tq qq"), 'events[0].symbol is "tq qq"'],
    [
      "a fault that no replay can wait for",
      (document) => {
        const rule = { match: { method: "POST" }, fault: { kind: "accept_then_hang" } };
        Object.assign(document.events[2] ?? {}, { rules: [rule] });
      },
      'events[2].rules[0].fault.kind is "accept_then_hang"',
    ],
  ])("is refused by its name and value: %s", async (_, spoil, expected) => {
    await inDirectory(async (directory) => {
      const document = sessionDocument();
      spoil(document);
      writeFileSync(join(directory, "spoilt.json"), JSON.stringify(document));
      const ended = await runHere(["replay", join(directory, "spoilt.json")]);
      expectMisuse(ended, expected, "Correct the named field");
    });
  });
});
