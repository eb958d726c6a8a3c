/** What the command line shows of actions that are no orders, and does about them. */
import { expect, test } from "vitest";
import { openGuard } from "../../src/index.ts";
import { PAYMENT } from "../guard/guard-world.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { runHere } from "./in-process.ts";

/** A ledger with one action that nobody knows the end of. */
async function storeInQuestion(): Promise<string> {
  const store = temporaryFile("actions.db");
  const guard = await openGuard({ store, agent: "payments", schedule: false });
  const payload = { amount: "50.00", to: "ACME" };
  const run = () => Promise.reject(new Error("no answer"));
  await guard.execute({ ...PAYMENT, agentId: "worker-1", payload, run });
  await guard.claim(PAYMENT);
  await guard.close();
  return store;
}

test("actions are listed, shown, verified, and ended by an operator, in 80 columns", async () => {
  const store = await storeInQuestion();
  const say = async (...words: readonly string[]) => {
    const { stdout, stderr } = await runHere([...words, "--store", store]);
    expect(stderr).toBe("");
    for (const line of stdout.split("\n")) {
      if (!line.includes("tradelatch incidents resolve")) expect(line.length).toBeLessThan(81);
    }
    return stdout;
  };
  const listed = await say("audit");
  expect(listed).toMatch(/PENDING +payment\.send\n +payments\/invoice-1042: the first one/);
  expect(listed).toMatch(/IN_RECONCILIATION +payment\.send/);
  const shown = await say("audit", "show", "invoice-1042");
  expect(shown).toContain("Action payments/invoice-1042\n");
  expect(shown).toContain("by           worker-1");
  expect(shown).toContain("payload      hashes of 2 fields");
  expect(shown).toMatch(/guard_claimed\n.*\n.*guard_doubted/);
  const [, number = ""] = /^(\d+) .* IN_RECONCILIATION/m.exec(listed) ?? [];
  expect(await say("audit", "show", number)).toBe(shown);
  const open = await say("incidents");
  expect(open).toMatch(/1 .* unknown_action .*open/);
  const incident = await say("incidents", "show", "1");
  expect(incident).toContain("Incident 1: unknown_action, open, version 1");
  expect(incident).toContain("once the provider's own records show how it ended");
  const [, command = ""] = /^ {2}tradelatch (.*)$/m.exec(incident) ?? [];
  const without = command.replace(" --as END", "").replace("'...'", "seen").split(" ");
  expect((await runHere(without)).stderr).toContain("still waits for its end");
  expect(command).toContain(" --as END");
  expect(incident).toMatch(/^ {4}done +it happened$/m);
  expect(incident).not.toContain("already-flat");
  const words = ["incidents", "resolve", "1", "--version", "1", "--by", "ops", "--reason", "seen"];
  expect(await say(...words, "--as", "done")).toContain("The claim behind it ended as done.");
  expect(await say("audit", "show", "invoice-1042")).toContain("SETTLED, done, says its operator");
  expect(await say("audit", "verify")).toContain("are what the events come to");
});

test("a late word about an earlier attempt is shown with the way out that is taken", async () => {
  const store = temporaryFile("actions.db");
  const guard = await openGuard({ store, agent: "payments", schedule: false });
  const { requestId } = PAYMENT;
  const tokenOf = async () => {
    const claimed = await guard.claim(PAYMENT);
    return claimed.kind === "proceed" ? claimed.token : "";
  };
  const early = await tokenOf();
  await guard.release({ requestId, token: early, evidence: "refused" });
  const late = await tokenOf();
  await guard.settle({ requestId, token: early, result: "p-1" });
  await guard.doubt({ requestId, token: late, reason: "the provider did not answer" });
  await guard.close();
  const shown = await runHere(["incidents", "show", "1", "--store", store]);
  expect(shown.stdout).toContain("Incident 1: late_settlement, open");
  const [, command = ""] = /^ {2}tradelatch (.*)$/m.exec(shown.stdout) ?? [];
  expect(command).not.toContain("--as");
  const told = await runHere(command.replace("'...'", "seen").split(" "));
  expect(told.stdout).toContain("Incident 1 is resolved");
});

test("an action nobody claimed, and an end that none has, are refused with what mends it", async () => {
  const store = await storeInQuestion();
  const none = await runHere(["audit", "show", "invoice-7", "--store", store]);
  expect(none).toMatchObject({ exitCode: 1, stdout: "" });
  expect(none.stderr).toContain('no claim is known as "invoice-7"');
  const words = ["incidents", "resolve", "1", "--version", "1", "--reason", "x", "--store", store];
  const flat = await runHere([...words, "--as", "already-flat"]);
  expect(flat).toMatchObject({ exitCode: 1, stdout: "" });
  expect(flat.stderr).toContain("does not end like that");
});

test("what an action is called moves no cursor, and stays within 80 columns", async () => {
  const store = temporaryFile("actions.db");
  const guard = await openGuard({ store, agent: "payments", schedule: false });
  await guard.claim({ requestId: "red", action: "pay\u001b[31m\nred" });
  await guard.claim({ requestId: "long", action: `payment.${"s".repeat(100)}end` });
  await guard.close();
  const { stdout } = await runHere(["audit", "--store", store]);
  expect(stdout).toMatch(/ OPEN +pay \[31m red\n/);
  expect(stdout).toMatch(/ OPEN +payment\.s{11}…\n +payments\/long:\s+payment\.\n +s{20}/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal obeys
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  for (const line of stdout.split("\n")) expect(line.length).toBeLessThan(81);
});
