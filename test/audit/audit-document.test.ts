import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { publicKeyText } from "../../src/audit/checkpoint.ts";
import { checkStore } from "../../src/audit/store-check.ts";
import { claimOf, KEY, payload, settle } from "../claim/guard-commands.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { ACCOUNT, START } from "../ledger/sample-commands.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { exported, exportedTrail, SIGNER, verdictOf, writeTrail } from "./sample-trail.ts";

const DOCUMENT = readFileSync(new URL("../../docs/AUDIT.md", import.meta.url), "utf8");
const [, VERIFIER = ""] =
  /<!-- verifier -->\n```js\n(.*)```\n<!-- \/verifier -->/s.exec(DOCUMENT) ?? [];

/** The verifier of the document, which knows nothing of our code, run on a file with `content`. */
async function stranger(content: string, ...words: readonly string[]) {
  const folder = temporaryFolder();
  const [program, file] = [join(folder, "verify.mjs"), join(folder, "audit.jsonl")];
  writeFileSync(program, VERIFIER);
  writeFileSync(file, content);
  return promisify(execFile)(process.execPath, [program, file, ...words]).then(
    ({ stdout }) => ({ said: stdout.trim(), exitCode: 0 }),
    ({ stdout, code }) => ({ said: stdout.trim(), exitCode: code }),
  );
}

describe("the verifier in docs/AUDIT.md", () => {
  test("finds our export good, and knows whose it is", async () => {
    const content = await exportedTrail();
    const key = publicKeyText(SIGNER);
    const count = content.split("\n").length - 2;
    const good = { said: `${count} events, signed by ${key}`, exitCode: 0 };
    expect(await stranger(content)).toEqual(good);
    expect(await stranger(content, key)).toEqual(good);
    expect(await stranger(content, "0".repeat(64))).toMatchObject({ exitCode: 1 });
  });

  test("finds the claims of actions good, whatever JSON they hold", async () => {
    const ledger = openLedger(temporaryFile());
    await writeTrail(ledger);
    const now = START + 2_000;
    const result = { amount: 0.1, zero: -0, large: 1e21, text: "é 😀 \u2028", none: null };
    await ledger.guard(KEY, claimOf({ payload: payload({ amount: "50" }), now }));
    await ledger.guard(KEY, settle({ result, now }));
    const content = await exported(ledger);
    expect(content).toContain('"subject":"guard"');
    expect((await stranger(content)).exitCode).toBe(0);
    expect(await verdictOf(content)).toMatchObject({ ok: true });
    const spoilt = content.replace('"amount":0.1', '"amount":0.2');
    expect((await stranger(spoilt)).exitCode).toBe(1);
    const folds = await checkStore(ledger, () => undefined);
    expect(folds).toMatchObject({ fault: undefined, wereRowsCompared: true });
  });

  test("finds what was changed, removed, moved, inserted or cut off where it is", async () => {
    const content = await exportedTrail();
    const lines = content.trimEnd().split("\n");
    const [first = "", second = "", third = ""] = lines;
    const spoilt: readonly (readonly [string, readonly string[]])[] = [
      ["line 3: ", lines.with(2, third.replace("account-1", "account-3"))],
      ["line 2: ", lines.toSpliced(1, 1)],
      ["line 2: ", lines.with(1, third).with(2, second)],
      ["line 4: ", lines.toSpliced(3, 0, first)],
      [`line ${lines.length - 1}: `, lines.toSpliced(-2, 1)],
    ];
    for (const [place, texts] of spoilt) {
      const { said, exitCode } = await stranger(`${texts.join("\n")}\n`);
      expect([said.startsWith(place), exitCode], said).toEqual([true, 1]);
    }
  });

  test("says of a file that is no export at which line it is none", async () => {
    expect(await stranger("hello\n")).toEqual({ said: "line 1: not JSON", exitCode: 1 });
    const whole = await exportedTrail();
    const broken = whole.replace('"sequence":2', '"sequence":');
    expect(await stranger(broken)).toEqual({ said: "line 2: not JSON", exitCode: 1 });
    for (const nothing of ["", "null\n"]) {
      const { said, exitCode } = await stranger(nothing);
      expect(said).toMatch(/^line [01]: not the events that were signed$/);
      expect(exitCode).toBe(1);
    }
  });

  test("does the same for an export of one account", async () => {
    const content = await exportedTrail(ACCOUNT);
    const lines = content.trimEnd().split("\n");
    const key = publicKeyText(SIGNER);
    const good = { said: `${lines.length - 2} events, signed by ${key}`, exitCode: 0 };
    expect(await stranger(content, key)).toEqual(good);
    const gone = await stranger(`${lines.toSpliced(2, 1).join("\n")}\n`);
    expect([gone.said.startsWith("line 3: "), gone.exitCode]).toEqual([true, 1]);
    const headless = await stranger(`${lines.slice(1).join("\n")}\n`);
    expect(headless.exitCode).toBe(1);
  });
});
