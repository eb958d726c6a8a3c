import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { sqlite } from "../../src/ledger/sqlite/binding.ts";

const ROOT = new URL("../../", import.meta.url);
const NAME = "better-sqlite3";
const LOADS = new RegExp(`(from |import\\(|require\\()"${NAME}`);
const TYPES_ALONE = new RegExp(`^import type [^;]* from "${NAME}";$`, "gm");

test("SQLite is that of Node-API wherever Node has it, and compiled for Node itself elsewhere", () => {
  const nodeApi = Number(process.versions.napi);
  const name = nodeApi >= 10 ? `${NAME}-node-api` : NAME;
  const require = createRequire(import.meta.url);
  expect(sqlite()).toBe(require(name));
  const { version } = require(`${name}/package.json`);
  expect(version).toMatch(nodeApi >= 10 ? /^1[3-9]\./ : /^12\./);
});

test("nobody loads one but the file that chooses it: two in one process undo each other's locks", () => {
  const files = ["src", "test", "bench", "examples"].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|mjs|js)$/.test(name))
      .map((name) => `${folder}/${name}`),
  );
  const loading = files.filter((name) =>
    LOADS.test(readFileSync(new URL(name, ROOT), "utf8").replace(TYPES_ALONE, "")),
  );
  expect(loading).toEqual([]);
});
