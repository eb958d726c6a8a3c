import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryFolder } from "../ledger/temporary-folder.ts";

test("the example of docs/GUARD.md runs as printed and pays once", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(process.cwd(), join(folder, "node_modules", "tradelatch"));
  const example = readFileSync("docs/GUARD.md", "utf8").split("```js\n")[1]?.split("```")[0] ?? "";
  writeFileSync(join(folder, "example.mjs"), example);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["example.mjs"], { cwd: folder, env: {} });
  const paid = "{ paid: '50.00' }";
  expect(stdout).toBe(`first done ${paid} done\nagain done ${paid} from the record\npayments: 1\n`);
});
