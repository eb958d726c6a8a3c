/**
 * Takes out of dist the declarations that no entry of the package leads to: a program that uses it
 * never reads them, and they are a tenth of what everybody would load.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("./", import.meta.url));
const DECLARATION = ".d.ts";
/** As the compiler writes it, for types and for what stands inside of one. */
const OWN_MODULE = /(?:from|import\()\s*"(\.[^"]+)"/g;

const { exports: entries } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const wanted = new Set();
const found = Object.values(entries).map(({ types }) => join(ROOT, types));
for (const file of found) {
  if (wanted.has(file)) continue;
  wanted.add(file);
  const modules = readFileSync(file, "utf8").matchAll(OWN_MODULE);
  found.push(...[...modules].map(([, name]) => declarationOf(join(dirname(file), name))));
}

for (const name of readdirSync(join(ROOT, "dist"), { recursive: true })) {
  const file = join(ROOT, "dist", name);
  if (file.endsWith(DECLARATION) && !wanted.has(file)) rmSync(file);
}

function declarationOf(module) {
  return module.replaceAll("/", sep).replace(/\.[jt]s$/, DECLARATION);
}
