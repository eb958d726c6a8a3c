import { generateKeyPairSync } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { makeCheckpoint } from "../../src/audit/checkpointing.ts";
import { openSigningKey } from "../../src/audit/signing-key.ts";
import { auditCommand } from "../../src/cli/audit-command.ts";
import { failureLine } from "../../src/cli/failure-line.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { AgentId } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { noteOf } from "../../src/gateway/answer-note.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { OTHER_ACCOUNT, writeTrail } from "../audit/sample-trail.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand, pendingNote, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { runHere } from "./in-process.ts";
import { run } from "./program.ts";

interface Told {
  readonly text: string;
  readonly failure: ReturnType<typeof failureLine> | null;
  readonly statuses: readonly string[];
}

interface Surroundings {
  readonly columns?: number;
  readonly color?: boolean;
  readonly clock?: Pick<Clock, "now">;
}

/** The command as the program runs it, in this process. */
async function tell(
  store: string,
  words: readonly string[],
  { columns, color = false, clock }: Surroundings = {},
): Promise<Told> {
  const lines: string[] = [];
  const statuses: string[] = [];
  const output = {
    ...{ columns, color, logsAreRead: false },
    line: (text: string) => void lines.push(text),
    status: (text: string) => void statuses.push(text),
  };
  const environment = { TRADELATCH_STORE: store };
  const { signal } = new AbortController();
  const manual = new ManualClock(START);
  const own = { now: () => clock?.now() ?? START, sleep: manual.sleep.bind(manual) };
  const command = auditCommand(output, environment, signal, own);
  for (const one of [command, ...command.commands]) {
    one.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  }
  try {
    await command.parseAsync([...words], { from: "user" });
    return { text: lines.join("\n"), failure: null, statuses };
  } catch (error) {
    const failure = failureLine(error, ["audit", ...words], ["audit"]);
    return { text: lines.join("\n"), failure, statuses };
  }
}

const longest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));

/** A ledger's file with two accounts, a filled claim, a repeat of it, and its key. */
async function trailFile(): Promise<string> {
  const file = temporaryFile();
  const ledger = openLedger(file);
  await ledger.adoptOpening("account-1" as never, [], START);
  await ledger.adoptOpening(OTHER_ACCOUNT, [], START);
  await writeTrail(ledger);
  await ledger.close();
  openSigningKey(`${file}-audit-key.pem`);
  return file;
}

const OWN = ["--account", "account-1"];

describe("tradelatch audit list", () => {
  test("is what audit does by itself: newest first, with status and cause, in 80 columns", async () => {
    const store = await trailFile();
    const { text } = await tell(store, ["list", ...OWN]);
    expect(text.split("\n")).toEqual([
      expect.stringMatching(/^No\. {2}Time \(UTC\) +Status +Action +Symbol$/),
      expect.stringMatching(/^\d+ +2026-05-21T13:40:00\.000Z {2}OPEN +buy_to_open {2}QQQ$/),
      expect.stringMatching(/^ +bot\/last: nobody knows yet: it is on its way$/),
      expect.stringMatching(/^\d+ +2026-05-21T13:40:00\.005Z {2}PENDING +buy_to_open {2}TQQQ$/),
      expect.stringMatching(/^ +bot\/first: the first one: filled 6 @ 50$/),
      expect.stringMatching(/^1 +2026-05-21T13:40:00\.000Z {2}SETTLED +buy_to_open {2}TQQQ$/),
      expect.stringMatching(/^ +bot\/first: filled 6 @ 50$/),
      "",
      "3 entries.",
    ]);
    expect(longest(text)).toBeLessThanOrEqual(80);
    expect((await tell(store, OWN)).text).toBe(text);
  });

  test("has color on a terminal only, and there only repeats what is said", async () => {
    const store = await trailFile();
    const plain = (await tell(store, OWN)).text;
    const { text } = await tell(store, OWN, { color: true });
    expect(text).toContain("\u001b[32mSETTLED");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal reads
    expect(text.replaceAll(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  test("takes every filter, and says how the older ones are asked for", async () => {
    const store = await trailFile();
    const found = async (...words: string[]) =>
      JSON.parse((await tell(store, [...OWN, "--json", ...words])).text).items.map(
        ({ status, requestId }: { status: string; requestId: string }) => `${status} ${requestId}`,
      );
    expect(await found()).toEqual(["OPEN last", "PENDING first", "SETTLED first"]);
    expect(await found("--status", "PENDING", "--status", "OPEN")).toHaveLength(2);
    expect(await found("--symbol", "QQQ")).toEqual(["OPEN last"]);
    expect(await found("--agent", "nobody")).toEqual([]);
    expect(await found("--action", "buy_to_open", "--limit", "1")).toEqual(["OPEN last"]);
    expect(await found("--from", "2026-05-21T09:40:00.001-04:00")).toEqual(["PENDING first"]);
    expect(await found("--until", "2026-05-21")).toEqual([]);
    const { text } = await tell(store, [...OWN, "--limit", "1", "--symbol", "TQQQ"]);
    const [, before] = /--symbol TQQQ --before (\d+) --account account-1$/.exec(text) ?? [];
    expect(text).toContain("There may be older ones: tradelatch audit list --symbol TQQQ");
    expect(await found("--symbol", "TQQQ", "--before", before ?? "")).toEqual(["SETTLED first"]);
    expect((await tell(store, [...OWN, "--symbol", "AAPL"])).text).toBe("Nothing on record fits.");
  });
});

describe("tradelatch audit show", () => {
  test("tells the whole life of a claim, by any of its names, within 80 columns", async () => {
    const store = await trailFile();
    const { text } = await tell(store, ["show", "first", ...OWN]);
    const order = /order +(order-of-tl-\S+)/.exec(text)?.[1] ?? "";
    for (const part of [
      "Claim bot/first\n  buy 6 TQQQ to open, market: SETTLED, filled 6 @ 50",
      "\nIdentity\n  account      account-1\n  by           the caller's own id\n",
      "\nAttempts\n  2026-05-21T13:40:00.000Z  attempt 1 as tl-",
      "\nEvidence\n  2026-05-21T13:40:00.000Z  response  the broker took it: order",
      "\n  2026-05-21T13:40:01.000Z  poll      6 filled for 300 USD\n",
      "\nReceipt\n  outcome      filled (proved by: venue)\n  filled       6 @ 50\n",
      "\nEvents, each with its hash\n",
      "  repeat_answered PENDING\n",
    ]) {
      expect(text).toContain(part);
    }
    expect(text.match(/\n +[0-9a-f]{64}$/gm)?.length).toBeGreaterThan(6);
    expect(longest(text)).toBeLessThanOrEqual(80);
    for (const name of [order, "1"]) {
      expect((await tell(store, ["show", name, ...OWN])).text, name).toBe(text);
    }
    const narrow = await tell(store, ["show", "first", ...OWN], { columns: 60 });
    expect(longest(narrow.text)).toBeLessThanOrEqual(72);
  });

  test("gives the same as JSON, with events that can be verified", async () => {
    const store = await trailFile();
    const document = JSON.parse((await tell(store, ["show", "first", ...OWN, "--json"])).text);
    expect(document).toMatchObject({
      claim: { requestId: "first", receipt: { outcome: "filled" } },
      attempts: [{ attempt: 1, at: "2026-05-21T13:40:00.000Z" }],
    });
    expect(document.evidence[0]).toMatchObject({ source: "response" });
    expect(document.events[0]).toMatchObject({ sequence: 1, body: { type: "claimed" } });
  });

  test("says of the number of an intent that was turned away that no claim came of it", async () => {
    const store = await trailFile();
    const ledger = openLedger(store);
    const over = { requestId: "over", effect: "close", side: "sell", symbol: "IWM" } as const;
    const { intent } = claimCommand(over);
    const decision = await ledger.claim(claimCommand(over));
    if (decision.kind !== "blocked") throw new Error(decision.kind);
    ledger.note(noteOf(intent, decision), START);
    const number = await ledger.lastSequence();
    await ledger.close();
    const { failure } = await tell(store, ["show", String(number), ...OWN]);
    expect(failure?.line).toContain(`event ${number} is of the book of IWM, not of a claim: `);
    expect(failure?.exitCode).toBe(1);
  });

  test("asks for the agent where several have the id, and says where there is none", async () => {
    const store = await trailFile();
    const ledger = openLedger(store);
    const other = "other" as AgentId;
    await claimed(ledger, claimCommand({ requestId: "first", quantity: "9" }, { agent: other }));
    const both = await tell(store, ["show", "first", ...OWN]);
    expect(both.failure?.line).toMatch(
      /several agents have a claim "first": .*: (other, bot|bot, other)/,
    );
    const one = await tell(store, ["show", "first", "--agent", "other", ...OWN]);
    expect(one.text).toContain("Claim other/first");
    for (const name of ["nobody", "999", "theirs"]) {
      const { failure } = await tell(store, ["show", name, ...OWN]);
      expect(failure).toMatchObject({ exitCode: 1, line: expect.stringContaining(`"${name}"`) });
    }
  });
});

describe("tradelatch audit export and import-verify", () => {
  test("write a file that is verified alone, and by the key that the export named", async () => {
    const store = await trailFile();
    const out = join(dirname(store), "audit.jsonl");
    const { text } = await tell(store, ["export", "--out", out]);
    const [, key = ""] = /^Signed by ([0-9a-f]{64})$/m.exec(text) ?? [];
    expect(text).toMatch(/^Exported 1\d events of 2 accounts to .*audit\.jsonl\n/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ type: "checkpoint", publicKey: key });
    const alone = await tell("none.db", ["import-verify", out]);
    expect(alone.text).toMatch(
      /^1\d events of 2 accounts: every hash fits, and the tail is there\.\n/,
    );
    expect(alone.text).toContain("give one that you know with --key");
    const keyFile = join(dirname(store), "key.txt");
    writeFileSync(keyFile, `${key}\n`);
    for (const given of [key, key.toUpperCase(), keyFile]) {
      const known = await tell("none.db", ["import-verify", out, "--key", given]);
      expect(known.failure).toBeNull();
      expect(known.text).not.toContain("--key");
    }
    const json = JSON.parse((await tell("none.db", ["import-verify", out, "--json"])).text);
    expect(json).toMatchObject({ ok: true, checkpoint: { sequence: lines.length - 1 } });
    const exported = JSON.parse((await tell(store, ["export", "--out", out, "--json"])).text);
    expect(exported).toMatchObject({ file: out, checkpoint: { publicKey: key } });
  });

  test("write the events of one account alone, which must be there", async () => {
    const store = await trailFile();
    const out = join(dirname(store), "audit.jsonl");
    const { text } = await tell(store, ["export", "--account", "account-2", "--out", out]);
    expect(text).toContain("Exported 3 events of the account account-2 to ");
    expect(readFileSync(out, "utf8")).not.toContain("account-1");
    const { text: said } = await tell("none.db", ["import-verify", out]);
    expect(said).toMatch(/^3 events of the account account-2: every hash fits/);
    const other = await tell(store, ["export", "--account", "account-9", "--out", `${out}.9`]);
    expect(other.failure?.line).toContain('--account is "account-9"');
    expect(existsSync(`${out}.9`)).toBe(false);
  });

  test("name the first bad event of a changed file, with exit code 1", async () => {
    const store = await trailFile();
    const out = join(dirname(store), "audit.jsonl");
    await tell(store, ["export", "--out", out]);
    const text = readFileSync(out, "utf8");
    writeFileSync(out, text.replace("TQQQ", "AAPL"));
    const { failure } = await tell("none.db", ["import-verify", out]);
    expect(failure?.exitCode).toBe(1);
    expect(failure?.line).toContain(`${out}: event 1 was changed`);
    const ended = await run(["audit", "import-verify", out, "--json"]);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, event: 1, reason: "changed" });
    expect(ended.exitCode).toBe(1);
    writeFileSync(out, text);
    const other = "0".repeat(64);
    const wrong = await tell("none.db", ["import-verify", out, "--key", other]);
    expect(wrong.failure?.line).toContain(`not by ${other}`);
  });

  test("tell a file that is no export from one that was changed, with exit code 2", async () => {
    const store = await trailFile();
    const folder = dirname(store);
    const out = join(folder, "audit.jsonl");
    for (const [content, why] of [
      ["hello\n", "no line of it is one of an export"],
      ['{"id": 1}\n', "no line of it is one of an export"],
      ["", "it is empty"],
    ]) {
      writeFileSync(out, content ?? "");
      const { failure, text } = await tell("none.db", ["import-verify", out, "--json"]);
      expect(failure?.line).toContain(`${JSON.stringify(out)} is no export: ${why}`);
      expect(failure?.line).toContain("Name a file that tradelatch audit export has written");
      expect({ text, exitCode: failure?.exitCode }).toEqual({ text: "", exitCode: 2 });
    }
    await tell(store, ["export", "--out", `${out}.2`]);
    const whole = readFileSync(`${out}.2`, "utf8");
    const pretty = JSON.stringify(JSON.parse(whole.split("\n")[0] ?? ""), null, 2);
    for (const changed of [
      whole.replaceAll("\n", "\r\n"),
      whole.slice(0, 40),
      pretty,
      `x${whole}`,
    ]) {
      writeFileSync(out, changed);
      const { failure } = await tell("none.db", ["import-verify", out]);
      expect(failure?.line).toContain("Keep it as it is and compare it with a copy");
      expect(failure?.exitCode).toBe(1);
    }
  });

  test("replace an export of before, and never the ledger, its key or whatever else is there", async () => {
    const store = await trailFile();
    const folder = dirname(store);
    const out = join(folder, "audit.jsonl");
    const others = [store, `${store}-audit-key.pem`, join(folder, "bot.py"), join(folder, "dir")];
    writeFileSync(join(folder, "bot.py"), "print('mine')\n");
    mkdirSync(join(folder, "dir"));
    for (const other of others) {
      const before = statSync(other);
      const { failure, text } = await tell(store, ["export", "--out", other]);
      expect(failure?.line, other).toContain(`${other} is `);
      expect(failure?.line, other).toContain("Choose another name");
      expect(failure?.exitCode).toBe(2);
      expect(text).toBe("");
      expect(statSync(other).ino).toBe(before.ino);
    }
    expect((await tell(store, ["verify"])).failure).toBeNull();
    writeFileSync(out, "");
    symlinkSync(out, join(folder, "latest"));
    for (const name of ["audit.jsonl", "audit.jsonl", "latest"]) {
      const { failure } = await tell(store, ["export", "--out", join(folder, name)]);
      expect(failure, name).toBeNull();
      expect((await tell("none.db", ["import-verify", out])).failure).toBeNull();
    }
    expect(lstatSync(join(folder, "latest")).isSymbolicLink()).toBe(true);
  });

  test("leave nothing, and make no key, where they cannot be done", async () => {
    const store = await trailFile();
    const out = join(dirname(store), "audit.jsonl");
    const missing = await tell(store, ["export", "--out", out, "--audit-key", "gone.pem"]);
    expect(missing.failure?.line).toContain("the audit key gone.pem cannot be used: there is none");
    expect(existsSync("gone.pem")).toBe(false);
    const nowhere = join(dirname(store), "gone", "audit.jsonl");
    const failed = await tell(store, ["export", "--out", nowhere]);
    expect(failed.failure?.line).toContain(`${nowhere} cannot be written: there is no folder`);
    const { failure } = await tell("none.db", ["import-verify", nowhere]);
    expect(failure).toMatchObject({ exitCode: 2, line: expect.stringContaining("cannot be read") });
    const key = await tell("none.db", ["import-verify", nowhere, "--key", "abc"]);
    expect(key.failure?.line).toContain('--key is "abc": neither 64 hex digits nor such a file');
    expect(existsSync(out)).toBe(false);
  });

  test("show a bar where the work takes longer than a second, and take it away", async () => {
    const store = await trailFile();
    const out = join(dirname(store), "audit.jsonl");
    let now = START;
    const clock = { now: () => (now += 900) };
    const { statuses, text } = await tell(store, ["export", "--out", out], { clock });
    expect(statuses[0]).toMatch(/^Exporting {2}█+░* 100 %$/);
    expect(statuses.at(-1)).toBe("");
    expect(text).toContain("Exported");
    expect((await tell(store, ["export", "--out", out])).statuses).toEqual([]);
  });
});

describe("tradelatch audit verify", () => {
  test("says that all is well, whatever accounts there are, and as JSON", async () => {
    const store = await trailFile();
    const { text } = await tell(store, ["verify"]);
    expect(text).toMatch(
      /^1\d events of 2 accounts: every hash fits\.\nClaims, books and incidents/,
    );
    const json = JSON.parse((await tell(store, ["verify", "--json"])).text);
    expect(json).toMatchObject({ ok: true, wereRowsCompared: true, fault: null });
  });

  test("says up to where a tail that was cut off would be seen", async () => {
    const store = await trailFile();
    const before = await tell(store, ["verify"]);
    expect(before.text).toMatch(
      /\nNothing is signed yet: a tail that was cut off would not be seen\.$/,
    );
    const ledger = openLedger(store);
    const { privateKey } = generateKeyPairSync("ed25519");
    const signed = await makeCheckpoint(ledger, privateKey, { now: () => START });
    const { text: whole } = await tell(store, ["verify"]);
    expect(whole).toContain("1 checkpoint fits, signed by\n");
    expect(whole).not.toContain("cut off");
    await claimed(ledger, claimCommand({ requestId: "behind", quantity: "9" }));
    await ledger.close();
    const { text } = await tell(store, ["verify"]);
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      `Nothing is signed behind event ${signed?.sequence} yet: ` +
        "a tail that was cut off there would not be seen.",
    );
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const json = JSON.parse((await tell(store, ["verify", "--json"])).text);
    expect(json).toMatchObject({ checkpoints: 1, signedThrough: signed?.sequence });
  });

  test("works on a database too, as do the others", async () => {
    const database = await newDatabase();
    const ledger = openPostgresLedger(database.url, new ManualClock(START));
    await ledger.adoptOpening("account-1" as never, [], START);
    const claim = await claimed(ledger, claimCommand({ requestId: "first" }));
    ledger.note(pendingNote(claim), START);
    await ledger.close();
    try {
      const { text } = await tell(database.url, ["verify"]);
      expect(text).toContain("2 events of 1 account: every hash fits.");
      expect((await tell(database.url, [])).text).toContain("bot/first");
      expect((await tell(database.url, ["show", "first"])).text).toContain("repeat_answered");
      const folder = dirname(temporaryFile());
      const [key, out] = [join(folder, "key.pem"), join(folder, "audit.jsonl")];
      openSigningKey(key);
      await tell(database.url, ["export", "--out", out, "--audit-key", key]);
      expect((await tell("none.db", ["import-verify", out])).failure).toBeNull();
    } finally {
      await database.drop();
    }
  });
});

describe("a command that cannot be carried out says why in one line:", () => {
  test.each([
    ["explode", 'unexpected argument "explode"'],
    ["list --status DONE", "'DONE' is invalid. Give one of OPEN, RESOLVED"],
    ["list --symbol tqqq", "Give a symbol such as TQQQ"],
    ["list --from yesterday", "'yesterday' is invalid. Give a date such as 2026-05-21"],
    ["list --until 2026-02-30", "'2026-02-30' is invalid"],
    ["list --until 2026-05-21T09:30", "'2026-05-21T09:30' is invalid"],
    ["list --limit 1001", "Give a whole number from 1 to 1000"],
    ["list --limit 0", "Give a whole number from 1 to 1000"],
    ["list --before 0", "Give a whole number from 1"],
    ["show", "missing required argument 'claim'"],
    ["export", "required option '--out <file>' not specified"],
    ["import-verify", "missing required argument 'file'"],
    ["verify --deep", "unknown option '--deep'"],
  ])("audit %s", async (line, part) => {
    const ended = await runHere(["audit", ...line.split(" ")], { TRADELATCH_STORE: "none.db" });
    expect(ended).toMatchObject({ stdout: "", exitCode: 2 });
    expect(ended.stderr).toMatch(/^tradelatch: [^\n]+\.\n$/);
    expect(ended.stderr).toContain(part);
  });

  test("none of the reading commands makes a ledger", async () => {
    const store = join(dirname(temporaryFile()), "gone.db");
    for (const words of [
      ["list"],
      ["show", "1"],
      ["verify"],
      ["export", "--out", `${store}.out`],
    ]) {
      const { failure } = await tell(store, words);
      expect(failure).toMatchObject({ exitCode: 2, line: expect.stringContaining("no ledger") });
    }
    expect(existsSync(store)).toBe(false);
  });

  test("an empty variable counts as not set", async () => {
    for (const words of [["list"], ["export", "--out", "audit.jsonl"]]) {
      const { failure } = await tell("", words);
      const line = expect.stringContaining(`no ledger "${resolve("tradelatch.db")}"`);
      expect(failure).toMatchObject({ exitCode: 2, line });
    }
    const store = temporaryFile();
    const ledger = openLedger(store);
    await writeTrail(ledger);
    await ledger.close();
    openSigningKey(`${store}-audit-key.pem`);
    const words = ["audit", "export", "--store", store, "--out", `${store}.jsonl`];
    const { stderr } = await runHere(words, { TRADELATCH_AUDIT_KEY: "" });
    expect(stderr).toBe("");
  });
});
