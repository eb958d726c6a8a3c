import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../src/simulator/index.ts";

const readme = readFileSync("README.md", "utf8");
let broker: Simulator | undefined;
let directory: string | undefined;

afterEach(async () => {
  await broker?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

test("the library example of the README runs as printed and sends one order", async () => {
  broker = await startSimulator({ prices: { TQQQ: "75.33" } });
  directory = mkdtempSync(join(tmpdir(), "tradelatch-readme-"));
  mkdirSync(join(directory, "node_modules"));
  symlinkSync(process.cwd(), join(directory, "node_modules", "tradelatch"));
  const example = readme.split("```js\n")[1]?.split("```")[0] ?? "";
  writeFileSync(join(directory, "example.mjs"), example);
  const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], {
    cwd: directory,
    env: { APCA_API_KEY_ID: "k", APCA_API_SECRET_KEY: "s", APCA_API_BASE_URL: broker.url },
  });
  expect(stdout).toMatch(
    /^first sent, the broker has it: \w+\nagain nothing new was sent: working\n$/,
  );
  expect(broker.orders()).toHaveLength(1);
});
