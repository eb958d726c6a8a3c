/**
 * Writes docs/MUTANTS.md from what the last whole run has left behind and from the reasons that
 * `fixtures/mutants/survivors.json` gives. Run it by hand after `npm run mutants`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { LEAST_SCORE, nameOf, scores, survivors } from "./parts.mjs";

const ROOT = new URL("../../", import.meta.url);
const read = (path) => JSON.parse(readFileSync(new URL(path, ROOT), "utf8"));

const report = read(".stryker/report.json");
const reasons = new Map(
  read("fixtures/mutants/survivors.json").map((survivor) => [nameOf(survivor), survivor]),
);
const version = read("node_modules/@stryker-mutator/core/package.json").version;
const day = new Date().toISOString().slice(0, 10);

function scoreRow({ part, killed, survived, score }) {
  return `| ${part} | ${killed + survived} | ${killed} | ${survived} | ${score.toFixed(1)} % |`;
}

function survivorRow(mutant) {
  const { file, in: place, was, becomes, because } = reasons.get(nameOf(mutant)) ?? mutant;
  const mutation = `${code(was)} → ${becomes === "" ? "nothing" : code(becomes)}`;
  return `| \`${place}\` in ${file.replace(/^src\//, "")} | ${mutation} | ${because ?? "?"} |`;
}

function code(text) {
  const quoted = text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
  return quoted.replaceAll("|", "\\|");
}

const document = `# Mutation testing

Stryker changes the source in one place at a time and runs the tests: a change that no test notices
is a *survivor*. Run of ${day}, Stryker ${version}, every part at least ${LEAST_SCORE} %:

| part | mutants | killed | left | score |
|---|---|---|---|---|
${scores(report).map(scoreRow).join("\n")}

\`npm run mutants\` runs it again, prints these scores, and fails where a part has less than
${LEAST_SCORE} %, or where a mutant survives that the list below does not have. It is no part of
\`npm run check\`, because it takes half an hour to an hour on two cores. \`node test/mutants/document.mjs\`
writes this page anew.

- **What is changed**: identity, claims, book, incidents, the classifier of the broker's answers,
  and decimals: see \`stryker.config.json\`. *Verdicts* are the decisions on refused exits and on
  differences of positions, and the incidents that tell of them.
- **Which tests run**: those of the pure core, which open no store and no socket: see
  \`vitest.mutants.config.ts\`. The random lives of \`life-model.test.ts\` are left out, and other
  properties draw at most 100 cases: each mutant is to be found by a case that has a name.
- **What counts**: texts too. Codes, statuses and field names are texts, and people act on the
  sentences. A mutant that TypeScript would refuse counts like any other. One that ends in no time
  counts as killed.

## Survivors

Each does what the program did (*the same*, be it slower), or breaks a guard that no state reaches
(*out of reach*). Those that read alike in one function are one row. The list is
\`fixtures/mutants/survivors.json\`.

| place | mutation | why it survives |
|---|---|---|
${survivors(report).map(survivorRow).join("\n")}
`;

writeFileSync(new URL("docs/MUTANTS.md", ROOT), document);
