/** The parts of the pure core that a mutation run is judged by, and who of its mutants survived. */

const VERDICTS = ["src/claim/decide-verdict.ts", "src/claim/decide-divergence.ts"];

/** What each part must have killed of its mutants, in percent. */
export const LEAST_SCORE = 90;

/** Each part with the files that it is made of. */
export const PARTS = {
  identity: (file) => file.startsWith("src/identity/"),
  claim: (file) => file.startsWith("src/claim/") && !VERDICTS.includes(file),
  book: (file) => file.startsWith("src/book/"),
  classifier: (file) => file.startsWith("src/broker/alpaca/"),
  verdicts: (file) => VERDICTS.includes(file) || file.startsWith("src/incident/"),
  decimals: (file) => file === "src/core/decimal.ts",
};

const DETECTED = new Set(["Killed", "Timeout"]);
const UNDETECTED = new Set(["Survived", "NoCoverage"]);

/** One row for each part that the report has mutants of. */
export function scores(report) {
  return Object.entries(PARTS).flatMap(([part, isIn]) => {
    const files = Object.keys(report.files).filter(isIn);
    const mutants = files.flatMap((file) => report.files[file].mutants);
    const killed = mutants.filter(({ status }) => DETECTED.has(status)).length;
    const survived = mutants.filter(({ status }) => UNDETECTED.has(status)).length;
    const score = (100 * killed) / (killed + survived);
    return killed + survived === 0 ? [] : [{ part, killed, survived, score }];
  });
}

/** More of a mutation than this is not written down: it names the mutant well enough. */
const SHOWN_LENGTH = 90;

/**
 * Every mutant that no test noticed, by its place in words: lines would not last. Those of one place
 * that read the same are one.
 */
export function survivors(report) {
  const all = Object.entries(report.files).flatMap(([file, { source, mutants }]) =>
    mutants
      .filter(({ status }) => UNDETECTED.has(status))
      .map(({ location, replacement }) => ({
        file,
        in: enclosing(source, location.start.line),
        was: shown(textAt(source, location)),
        becomes: shown(replacement ?? ""),
      })),
  );
  const named = new Map(all.map((mutant) => [nameOf(mutant), mutant]));
  return [...named.keys()].sort().map((name) => named.get(name));
}

/** What identifies a survivor, whatever else is said of it. */
export function nameOf({ file, in: place, was, becomes }) {
  return JSON.stringify([file, place, was, becomes]);
}

const DECLARATION = /^(?:export )?(?:async )?(?:function|const|class) (\w+)/;

function enclosing(source, line) {
  const above = source.split("\n").slice(0, line).reverse();
  const found = above.map((text) => DECLARATION.exec(text)?.[1]).find((name) => name !== undefined);
  return found ?? "the module";
}

function textAt(source, { start, end }) {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const cut = lines.map((text, at) =>
    at === lines.length - 1 ? text.slice(0, end.column - 1) : text,
  );
  return [cut[0].slice(start.column - 1), ...cut.slice(1)].join("\n");
}

/** In one line, as far as it is shown. */
function shown(text) {
  const line = text.replace(/\s+/g, " ");
  return line.length > SHOWN_LENGTH ? `${line.slice(0, SHOWN_LENGTH)}…` : line;
}
