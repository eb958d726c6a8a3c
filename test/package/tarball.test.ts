import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize, relative } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** For an installation that has to fetch what the package cache does not have. */
const INSTALL_MAX_MS = 240_000;
const SIZE_MAX_BYTES = 1024 * 1024;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const root = process.cwd();
const folder = mkdtempSync(join(tmpdir(), "tradelatch-package-"));
const app = join(folder, "app");
let packed: Packed;
let installing: { readonly stderr: string };

const execute = (program: string, words: readonly string[], cwd = app) =>
  promisify(execFile)(program, words, { cwd, env: { ...process.env, FORCE_COLOR: "0" } });

/** A program of a user's: what it imports has to be there, and to have types. */
const PROGRAM = `
import { LatchError, openLatch, type Latch, type OrderAnswer } from "tradelatch";
import { startSimulator, type Simulator } from "tradelatch/testing";

const broker: Simulator = await startSimulator({ prices: { TQQQ: "75.33" } });
const settings = { store: "latch.db", keyId: "k", secret: "s", baseUrl: broker.url };
const latch: Latch = await openLatch(settings);
const intent = { symbol: "TQQQ", side: "buy", effect: "open", quantity: "6" } as const;
const answer: OrderAnswer = await latch.submit({ ...intent, requestId: "r-1" });
console.log(answer.status, typeof LatchError);
await latch.close();
await broker.close();
`;

/** It would pass if the types were not found, and everything were anything. */
const MISUSE = `
import { openLatch } from "tradelatch";
import { startSimulator } from "tradelatch/testing";
// @ts-expect-error: a store is a path.
void openLatch({ store: 6 });
// @ts-expect-error: no such option.
void startSimulator({ weather: "fine" });
`;

const read = (path: string) => readFileSync(join(root, path), "utf8");

/** Where a document's links and images lead, but for other sites. */
function linksOf(text: string): readonly string[] {
  const found = text.matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g);
  const links = [...found].map(([, link, image]) => link ?? image ?? "");
  return links.filter((link) => !/^https?:/.test(link));
}

/** Whether `link` in `document` leads to one of `names`, or a folder of them, and its heading. */
function isThere(link: string, document: string, names: readonly string[]): boolean {
  const [place = "", heading] = link.split("#");
  const path = place === "" ? document : normalize(join(dirname(document), place));
  const folder = path.endsWith("/") ? path : `${path}/`;
  if (heading === undefined) return names.some((name) => name === path || name.startsWith(folder));
  return names.includes(path) && headingsOf(read(path)).includes(heading);
}

/** As the hosts of repositories name them in an address. */
function headingsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/**
 * An application that depends on the package alone, with what that brings in the versions that this
 * project has: they are in the package cache, and no answer of a registry is needed.
 */
function lockedApplication(file: string) {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
  };
  const { "": own, ...others } = packages;
  const dependencies = { tradelatch: file };
  const manifest = { name: "app", version: "1.0.0", private: true, type: "module", dependencies };
  const installed = { ...own, devDependencies: undefined, resolved: file };
  const brought = Object.entries(others).filter(([, { dev }]) => dev !== true);
  const entries = { "": manifest, "node_modules/tradelatch": installed };
  const all = { ...entries, ...Object.fromEntries(brought) };
  return { manifest, lock: { ...manifest, lockfileVersion: 3, packages: all } };
}

beforeAll(async () => {
  mkdirSync(app);
  const words = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const { stdout } = await execute("npm", words, root);
  [packed] = JSON.parse(stdout) as [Packed];
  const { manifest, lock } = lockedApplication(`file:${join("..", packed.filename)}`);
  writeFileSync(join(app, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(app, "package-lock.json"), JSON.stringify(lock));
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
  installing = await execute("npm", ["ci", ...quiet]);
  // Compiling SQLite takes minutes, and is no work of this package's.
  const built = join("node_modules/better-sqlite3/build/Release/better_sqlite3.node");
  cpSync(join(root, built), join(app, built));
}, INSTALL_MAX_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package", () => {
  test("is under 1 MiB, and has nothing that a user does not need", () => {
    expect(packed.size).toBeLessThan(SIZE_MAX_BYTES);
    const names = packed.files.map(({ path }) => path);
    const kinds = names
      .filter((path) => !/^dist\/.*\.(js|d\.ts)$/.test(path))
      .map((path) => path.replace(/-[0-9a-f]{12}\./, "-HASH."))
      .sort();
    expect(kinds).toEqual([
      ...["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"],
      ...["dist/page/icon-HASH.svg", "dist/page/index.html", "dist/page/page-HASH.css"],
      "dist/report/style.css",
      ...readdirSync(join(root, "docs"), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
        .sort(),
      ...readdirSync(join(root, "examples")).map((name) => `examples/${name}`),
      ...["qqq", "sqqq", "tqqq"].map((symbol) => `fixtures/bars/2026-05-21-${symbol}.csv`),
      ...readdirSync(join(root, "fixtures/sessions")).map((name) => `fixtures/sessions/${name}`),
      "package.json",
      ...readdirSync(join(root, "strategies")).map((name) => `strategies/${name}`),
    ]);
    expect(names.filter((path) => /\.test\.|-bench\.|\.map$/.test(path))).toEqual([]);
  });

  test("has documents whose links lead to what it has too, and to headings that are there", () => {
    const names = packed.files.map(({ path }) => path);
    const documents = names.filter((path) => path.endsWith(".md"));
    const broken = documents.flatMap((document) =>
      linksOf(read(document))
        .filter((link) => !isThere(link, document, names))
        .map((link) => `${document}: ${link}`),
    );
    expect(broken).toEqual([]);
    expect(documents.flatMap((document) => linksOf(read(document))).length).toBeGreaterThan(100);
  });

  test("brings nothing that asks for another engine than the package does", () => {
    expect(installing.stderr).not.toContain("EBADENGINE");
  });

  test("runs by npx in an empty folder, and replays what it brings", async () => {
    const { stdout } = await execute("npx", ["--no-install", "tradelatch", "--help"]);
    expect(stdout).toContain("Usage: tradelatch");
    const replay = await execute("npx", ["--no-install", "tradelatch", "replay", "2026-09-skip"]);
    expect(replay.stdout).toContain("Orders at the broker");
  });

  test("runs the strategy that it brings, on the bars that it brings", async () => {
    const [strategy, day] = ["strategies/momentum.ts", "fixtures/bars/2026-05-21"];
    const brought = (path: string) => join("node_modules/tradelatch", path);
    for (const symbol of ["qqq", "tqqq", "sqqq"]) {
      const bars = readFileSync(join(app, brought(`${day}-${symbol}.csv`)), "utf8");
      writeFileSync(join(app, `${symbol}.csv`), bars.split("\n").slice(0, 20).join("\n"));
    }
    const words = ["run", brought(strategy), "--bars", "qqq.csv", "--no-report", "--json"];
    const { stdout } = await execute("npx", ["--no-install", "tradelatch", ...words]);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { orders: 2, booksEqual: true } });
  });

  test("has types that resolve, for the library and for its simulated broker", async () => {
    writeFileSync(join(app, "bot.ts"), PROGRAM);
    const options = {
      ...{ target: "ES2023", module: "NodeNext", strict: true, noEmit: true, types: ["node"] },
      // The compiler's own default: what the package says is looked through too.
      skipLibCheck: false,
    };
    // Types of Node are the one thing that a program brings by itself.
    for (const name of ["@types/node", "undici-types"]) {
      const place = join(app, "node_modules", name);
      cpSync(join(root, "node_modules", name), place, { recursive: true });
    }
    writeFileSync(join(app, "misuse.ts"), MISUSE);
    const settings = { compilerOptions: options, files: ["bot.ts", "misuse.ts"] };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify(settings));
    await execute(join(root, "node_modules/.bin/tsc"), ["-p", "."]);
  });

  test("guards an order as a library, against its own simulated broker", async () => {
    const plain = PROGRAM.replace(/, type \w+|: (Latch|Simulator|OrderAnswer)| as const/g, "");
    writeFileSync(join(app, "bot.mjs"), plain);
    const { stdout } = await execute(process.execPath, ["bot.mjs"]);
    expect(stdout).toBe("PROCEED function\n");
  });

  test("does not let anything else of it be imported", async () => {
    const words = ["--input-type=module", "-e", 'await import("tradelatch/dist/app.js")'];
    await expect(execute(process.execPath, words)).rejects.toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});
