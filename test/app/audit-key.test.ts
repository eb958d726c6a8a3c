import { chmodSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { openLatch } from "../../src/app.ts";
import { signCheckpoint } from "../../src/audit/checkpoint.ts";
import { lineOf } from "../../src/audit/export-lines.ts";
import { defaultKeyFile, openSigningKey } from "../../src/audit/signing-key.ts";
import type { Latch, LatchError } from "../../src/index.ts";
import { run } from "../cli/program.ts";
import { openWorld, type World } from "../gateway/world.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";

function opened(world: Pick<World, "simulator" | "store">, options = {}): Promise<Latch> {
  const keys = { keyId: "PKABC", secret: "s3cr3t-value" };
  const settings = { store: world.store, baseUrl: world.simulator.url, ...keys };
  return openLatch({ ...settings, schedule: false, ...options });
}

/** What is said of an opening that fails. */
async function refusal(
  world: Pick<World, "simulator" | "store">,
  options = {},
): Promise<LatchError> {
  const latch = await opened(world, options).catch((error: LatchError) => error);
  if (latch instanceof Error) return latch;
  await latch.close();
  throw new Error("it opened");
}

describe("the audit key of a latch", () => {
  test("is made at the first start, beside the ledger, and is the same at the next", async () => {
    const world = await openWorld();
    const first = await opened(world);
    await first.close();
    expect(first.audit.publicKey).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(`${world.store}-audit-key.pem`).mode & 0o777).toBe(0o600);
    const second = await opened(world);
    await second.close();
    expect(second.audit.publicKey).toBe(first.audit.publicKey);
  });

  test("is where a setting says", async () => {
    const world = await openWorld();
    const auditKey = join(temporaryFolder(), "elsewhere.pem");
    const latch = await opened(world, { auditKey });
    await latch.close();
    expect(statSync(auditKey).isFile()).toBe(true);
    expect(() => statSync(defaultKeyFile(world.store))).toThrow("ENOENT");
  });

  test("that others can read is refused, and the ledger is let go", async () => {
    const world = await openWorld();
    await (await opened(world)).close();
    const file = defaultKeyFile(world.store);
    chmodSync(file, 0o604);
    const { code, message } = await refusal(world);
    expect([code, message]).toEqual(["audit_key_unusable", expect.stringContaining(file)]);
    chmodSync(file, 0o600);
    await (await opened(world)).close();
  });

  test.each(["others can read it", "it is no key", "it has no folder"])(
    "is refused before there is a ledger: %s",
    async (why) => {
      const { simulator } = await openWorld();
      const folder = temporaryFolder();
      const auditKey = join(folder, why === "it has no folder" ? "gone/key.pem" : "key.pem");
      if (why === "others can read it") openSigningKey(auditKey);
      if (why === "it is no key") writeFileSync(auditKey, "milk", { mode: 0o600 });
      if (why === "others can read it") chmodSync(auditKey, 0o644);
      const before = readdirSync(folder);
      const world = { simulator, store: join(folder, "latch.db") };
      expect((await refusal(world, { auditKey })).code).toBe("audit_key_unusable");
      expect(readdirSync(folder)).toEqual(before);
    },
  );

  test("beside a ledger that has no folder is no matter: the store is complained of", async () => {
    const { simulator } = await openWorld();
    const store = join(temporaryFolder(), "gone", "latch.db");
    expect((await refusal({ simulator, store })).code).toMatch(/^store_/);
  });

  test("that was lost is made anew, and the log says so where the ledger knows another", async () => {
    const world = await openWorld();
    await (await opened(world)).close();
    const file = defaultKeyFile(world.store);
    const ledger = openLedger(world.store);
    const signed = signCheckpoint({ sequence: 0, accounts: [] }, 1, openSigningKey(file));
    await ledger.keepCheckpoint({ sequence: 1, at: 1, text: lineOf(signed).trimEnd() });
    await ledger.close();
    rmSync(file);
    const said: string[] = [];
    const logger = pino({}, { write: (line: string) => void said.push(line) });
    const latch = await opened(world, { logger });
    await latch.close();
    expect(latch.audit.publicKey).not.toBe(signed.publicKey);
    const warning = "the audit key is not the one that signed the last checkpoint";
    expect(said.map((line) => JSON.parse(line))).toMatchObject([
      { msg: warning, last: signed.publicKey, now: latch.audit.publicKey },
    ]);
  });
});

test("a sidecar whose key cannot be used ends with one line", async () => {
  const store = temporaryFile();
  const env = { TRADELATCH_STORE: store, TRADELATCH_AUDIT_KEY: join(store, "key.pem") };
  const { stderr, exitCode } = await run(["serve", "--broker", "sim", "--port", "0"], { env });
  expect(stderr).toMatch(/^tradelatch: the audit key \S+key\.pem cannot be used: [^\n]+\n$/);
  expect(exitCode).toBe(1);
});
