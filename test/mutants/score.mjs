/**
 * Judges what a mutation run has left behind: prints each part's score, and fails where one is too
 * low, where a mutant survived that `fixtures/mutants/survivors.json` gives no reason for, or where
 * that list names one that is dead. A run of a few files is judged by these. Other files than the
 * usual two may be named: the report, and the list.
 */
import { readFileSync } from "node:fs";
import { LEAST_SCORE, nameOf, scores, survivors } from "./parts.mjs";

const [reported = ".stryker/report.json", listed = "fixtures/mutants/survivors.json"] =
  process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));

const report = read(reported);
const found = survivors(report);
const excused = read(listed);

for (const { part, killed, survived, score } of scores(report)) {
  const verdict = score < LEAST_SCORE ? `  under ${LEAST_SCORE} %` : "";
  const percent = score.toFixed(1).padStart(5);
  console.log(`${part.padEnd(10)} ${percent} %  ${killed} killed, ${survived} left${verdict}`);
  if (score < LEAST_SCORE) process.exitCode = 1;
}
complain("survived, and nobody says why", found, excused);
complain("is listed as a survivor, and is none", excused.filter(isInReport), found);

function isInReport({ file }) {
  return file in report.files;
}

function complain(what, some, others) {
  const names = new Set(others.map(nameOf));
  for (const one of some.filter((mutant) => !names.has(nameOf(mutant)))) {
    console.log(`${one.file}, ${one.in}: ${what}: ${one.was}  =>  ${one.becomes}`);
    process.exitCode = 1;
  }
}
