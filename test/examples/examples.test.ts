/** Every example runs as its reader runs it, and says what it promises. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";

const LINES_MAX = 30;
const COLUMNS_MAX = 100;

/** What each says; all but the last one keep their claims in a file. */
const SAID = {
  "late-payment": "first: unresolved\nagain: unresolved\nread back: done 50.00 transfers: 1\n",
  "webhook-handler": "again: 200 200 handled before\nforged: 401 parcels: 1\n",
  "email-sender":
    "ada@example.com absent\nada@example.com done\nada@example.com done\n" +
    "bob@example.com unresolved\nbob@example.com unresolved\nmails: 2\n",
  "agent-tool-call": "claim: PROCEED\nclaim again: PENDING\nclaim once more: SKIP re_1\n",
  "tournament-payout":
    "IN_RECONCILIATION - video-model says bob with 0.41, under the threshold of 0.9\n" +
    "paid? not_final\nFINAL alice\npaid to alice in 1 transfer\ntrue SETTLED\n",
} as const;

async function run(name: string, store = join(temporaryFolder(), "actions.db")): Promise<string> {
  const env = { PATH: process.env.PATH, STORE: store };
  const [example, cwd] = [resolve(`examples/${name}.mjs`), temporaryFolder()];
  const ran = await promisify(execFile)(process.execPath, [example], { env, cwd });
  expect(ran.stderr).toBe("");
  return ran.stdout;
}

describe("the examples", () => {
  test("are all run here, and are short", () => {
    const files = readdirSync("examples");
    const known = [...Object.keys(SAID), "two-workers-on-postgres"].map((name) => `${name}.mjs`);
    expect(files.toSorted()).toEqual(known.toSorted());
    for (const name of files) {
      const lines = readFileSync(`examples/${name}`, "utf8").trimEnd().split("\n");
      expect(lines.length, name).toBeLessThanOrEqual(LINES_MAX);
      expect(Math.max(...lines.map((line) => line.length)), name).toBeLessThanOrEqual(COLUMNS_MAX);
    }
  });

  test.each(Object.entries(SAID))("survive what they provoke: %s", async (name, said) => {
    expect(await run(name)).toBe(said);
  });

  test("say what is missing: two-workers-on-postgres without a database", async () => {
    const example = resolve("examples/two-workers-on-postgres.mjs");
    const options = { env: { PATH: process.env.PATH }, cwd: temporaryFolder() };
    const ran = await promisify(execFile)(process.execPath, [example], options);
    expect(ran).toEqual({
      stdout: "",
      stderr: expect.stringMatching(/^Name a database: [^\n]+\n$/),
    });
  });

  test("survive what they provoke: two-workers-on-postgres", async () => {
    const { url, drop } = await newDatabase();
    onTestFinished(drop);
    // The job that the dead worker had claimed may have been begun or not.
    expect(await run("two-workers-on-postgres", url)).toMatch(/^done: (19|20) of 20 twice: 0\n$/);
  });
});
