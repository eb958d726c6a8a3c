/**
 * The style rules that a machine can check. Each takes files and returns what it found; each
 * finding names the file, the rule and what to do instead.
 * The length of functions is the linter's rule `noExcessiveLinesPerFunction`: see biome.json.
 */
import { posix } from "node:path";
import { BANS, isOwner } from "./bans.ts";
import { ADAPTERS, MAY_IMPORT, partOf } from "./layers.ts";
import { codeOnly, importsOf, lineAt, type SourceFile } from "./source-text.ts";

export const FILE_LINES_MAX = 500;
export const LINE_LENGTH_MAX = 100;

const BANNED_NAME = /^(?:.*-)?(utils?|common|helpers?|types|lib)$/;

/** Files of at most 500 lines, lines of at most 100 characters. */
export function checkSizes(file: SourceFile): readonly string[] {
  const lines = file.text.replace(/\n$/, "").split("\n");
  const found = lines.flatMap((line, index) => {
    if (line.length <= LINE_LENGTH_MAX) return [];
    const size = `${line.length} characters of at most ${LINE_LENGTH_MAX}`;
    return [finding(file.path, index + 1, "short lines", size, "break the line")];
  });
  if (lines.length <= FILE_LINES_MAX) return found;
  const size = `${lines.length} lines of at most ${FILE_LINES_MAX}`;
  const instead = "give the second thing it holds a file of its own";
  return [...found, finding(file.path, undefined, "small files", size, instead)];
}

/** Folders and files are named after what they hold. */
export function checkNames(file: SourceFile): readonly string[] {
  const segments = file.path.split("/").map((segment) => segment.replace(/\..*$/, ""));
  return segments
    .filter((segment) => BANNED_NAME.test(segment))
    .map((segment) => {
      const instead = "name it after the one thing it holds";
      return finding(file.path, undefined, "telling names", `named "${segment}"`, instead);
    });
}

/** Clock, timers, randomness, environment, output and fetch stay in the files that own them. */
export function checkBans(file: SourceFile): readonly string[] {
  const code = codeOf(file);
  return BANS.filter((ban) => !isOwner(ban, file.path)).flatMap((ban) =>
    [...code.matchAll(ban.pattern)].map((match) => {
      const where = lineAt(file.text, match.index);
      return finding(file.path, where, ban.rule, `has ${match[0].trim()}`, ban.instead);
    }),
  );
}

/** Imports go down the layers, name the file they mean, and leave adapters to app.ts. */
export function checkLayers(file: SourceFile): readonly string[] {
  return relativeImports(file).flatMap(({ specifier, line, target }) => {
    const found: string[] = [];
    const report = (rule: string, instead: string) => {
      found.push(finding(file.path, line, rule, `imports ${specifier}`, instead));
    };
    if (!/\.tsx?$/.test(specifier)) report("imports end in .ts", "name the .ts file");
    const part = partOf(file.path);
    const allowed = MAY_IMPORT[part];
    if (allowed === undefined) {
      report("every part has its layer", `give "${part}" a row in test/tidy/layers.ts`);
    } else if (!target.startsWith("src/")) {
      report("src imports src", "move what is shared into src, or read it as a file");
    } else if (partOf(target) !== part && !allowed.includes(partOf(target))) {
      report(
        "imports go down the layers",
        `${part} may import: ${allowed.join(", ") || "nothing"}`,
      );
    }
    const adapter = ADAPTERS.find((folder) => target.startsWith(folder));
    if (adapter !== undefined && !file.path.startsWith(adapter) && file.path !== "src/app.ts") {
      report("only app.ts names an adapter", "import the port and let src/app.ts pass the adapter");
    }
    return found;
  });
}

/** Text between tags is not told from code: there, words of text count too. */
function codeOf({ path, text }: SourceFile): string {
  return path.endsWith(".tsx") ? text : codeOnly(text);
}

const PAGE = "src/page/";
const VALUE_IMPORT = /\b(?:import|export)\s+(?!type\b)[^;]*?from\s+["'](\.[^"']+)["']/g;
const HTML_FROM_TEXT =
  /dangerouslySetInnerHTML|\b(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|localStorage|sessionStorage|document\.cookie/g;

/** The page takes no code of the program's along, makes no markup of text, and keeps nothing. */
export function checkPage(file: SourceFile): readonly string[] {
  if (!file.path.startsWith(PAGE)) return [];
  const outside = [...file.text.matchAll(VALUE_IMPORT)].filter(([, specifier = ""]) => {
    const target = posix.join(posix.dirname(file.path), specifier);
    return !target.startsWith(PAGE);
  });
  const unsafe = [...codeOf(file).matchAll(HTML_FROM_TEXT)];
  return [
    ...outside.map(({ index, 1: specifier }) => {
      const where = lineAt(file.text, index);
      const instead = "import its types alone";
      return finding(file.path, where, "a page of its own", `takes ${specifier} along`, instead);
    }),
    ...unsafe.map((match) => {
      const where = lineAt(file.text, match.index);
      const instead = "show it as text, and keep it in memory";
      return finding(file.path, where, "text is text", `has ${match[0]}`, instead);
    }),
  ];
}

/** No file imports itself by way of others; each cycle is told once. */
export function checkCycles(files: readonly SourceFile[]): readonly string[] {
  const targets = new Map(
    files.map((file) => [file.path, relativeImports(file).map(({ target }) => target)]),
  );
  const done = new Set<string>();
  const trail: string[] = [];
  const found: string[] = [];
  const visit = (path: string): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      const cycle = [...trail.slice(start), path].join(" -> ");
      const instead = "move what both need into a file below them";
      found.push(finding(path, undefined, "no import cycles", `is in ${cycle}`, instead));
    }
    if (start !== -1 || done.has(path)) return;
    trail.push(path);
    for (const target of targets.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  };
  for (const file of files) visit(file.path);
  return found;
}

/** Documents do not go stale by quoting lines, and do not name where packages are stored. */
export function checkDocument(file: SourceFile): readonly string[] {
  const rules = [
    {
      rule: "no line numbers in documents",
      pattern: /\.(?:ts|js|json|sql):\d+|#L\d+|\blines? \d+/gi,
      instead: "name the file, or the function in it",
    },
    {
      rule: "no registry hosts in documents",
      pattern: /\b(?:registry\.[a-z0-9-]+|npm\.pkg)\.[a-z]+\b/gi,
      instead: "name the package; npm knows where it is stored",
    },
  ];
  return rules.flatMap(({ rule, pattern, instead }) =>
    [...file.text.matchAll(pattern)].map((match) => {
      const where = lineAt(file.text, match.index);
      return finding(file.path, where, rule, `has ${match[0]}`, instead);
    }),
  );
}

function relativeImports(file: SourceFile) {
  return importsOf(file.text)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier, line }) => ({
      specifier,
      line,
      target: posix.join(posix.dirname(file.path), specifier),
    }));
}

function finding(
  path: string,
  line: number | undefined,
  rule: string,
  what: string,
  instead: string,
): string {
  return `${path}${line === undefined ? "" : `:${line}`}: ${rule}: ${what}; ${instead}`;
}
