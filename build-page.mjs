/**
 * Builds the operator page into dist/page: one document, one script, one style, one icon, each of
 * the last three named after the hash of what it holds. Nothing is loaded from elsewhere. And into
 * dist/report the script and the style that a backtest's report takes into itself, and into
 * dist/strategies the naive bot, which the replay's unguarded world runs.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const SOURCE = fileURLToPath(new URL("./src/page/", import.meta.url));
const TARGET = fileURLToPath(new URL("./dist/page/", import.meta.url));
const REPORT = fileURLToPath(new URL("./dist/report/", import.meta.url));
const HASH_DIGITS = 12;

const shared = {
  bundle: true,
  minify: true,
  write: false,
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "eof",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
};
const { outputFiles } = await build({
  ...shared,
  entryPoints: { page: join(SOURCE, "main.tsx"), style: join(SOURCE, "style.css") },
  outdir: TARGET,
  format: "esm",
});
await build({
  ...shared,
  entryPoints: { report: join(SOURCE, "report/main.ts"), style: join(SOURCE, "report/report.css") },
  outdir: REPORT,
  format: "iife",
  write: true,
});

await build({
  bundle: true,
  packages: "external",
  // The paths of ours lead from a strategy's import of the package into its source.
  tsconfigRaw: "{}",
  platform: "node",
  target: ["node20"],
  format: "esm",
  entryPoints: [fileURLToPath(new URL("./strategies/naive.ts", import.meta.url))],
  outdir: fileURLToPath(new URL("./dist/strategies/", import.meta.url)),
  logLevel: "warning",
});

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
const names = {
  script: keep("page", "js", bundled(".js")),
  style: keep("page", "css", bundled(".css")),
  icon: keep("icon", "svg", readFileSync(join(SOURCE, "icon.svg"))),
};
const document = readFileSync(join(SOURCE, "index.html"), "utf8").replace(
  /\{\{(\w+)\}\}/g,
  (_, name) => names[name],
);
writeFileSync(join(TARGET, "index.html"), document);

function bundled(ending) {
  const [file, ...others] = outputFiles.filter(({ path }) => path.endsWith(ending));
  if (file === undefined || others.length > 0) throw new Error(`not one ${ending} was built`);
  return file.contents;
}

function keep(name, ending, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, HASH_DIGITS);
  const file = `${name}-${hash}.${ending}`;
  writeFileSync(join(TARGET, file), content);
  return file;
}
