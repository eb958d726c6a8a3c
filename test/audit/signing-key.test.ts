import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { publicKeyText } from "../../src/audit/checkpoint.ts";
import { defaultKeyFile, openSigningKey, readSigningKey } from "../../src/audit/signing-key.ts";
import { latchError } from "../ledger/open-ledger.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";

const MODULE = fileURLToPath(new URL("../../dist/audit/signing-key.js", import.meta.url));

describe("the audit key", () => {
  test("is made once, for its owner alone, and is the same from then on", () => {
    const file = temporaryFile("ledger.db-audit-key.pem");
    const made = publicKeyText(openSigningKey(file));
    expect(made).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(publicKeyText(openSigningKey(file))).toBe(made);
    expect(publicKeyText(readSigningKey(file))).toBe(made);
    expect(readdirSync(dirname(file))).toHaveLength(1);
  });

  test("is one key, also where many processes make it at once", async () => {
    const file = temporaryFile("key.pem");
    const script = `
      const { openSigningKey } = await import(process.argv[1]);
      const { createPublicKey } = await import("node:crypto");
      process.stdin.once("data", () => {
        const key = createPublicKey(openSigningKey(process.argv[2]));
        console.log(key.export({ type: "spki", format: "der" }).toString("hex"));
        process.exit(0);
      });
      console.log("ready");`;
    const makers = Array.from({ length: 6 }, () => {
      const words = ["--input-type=module", "-e", script, MODULE, file];
      return spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
    });
    const said = makers.map(() => "");
    makers.forEach((maker, index) => {
      maker.stdout.on("data", (text: Buffer) => {
        said[index] += text.toString();
      });
    });
    await Promise.all(makers.map(({ stdout }) => once(stdout, "data")));
    const ended = makers.map((maker) => once(maker, "close"));
    for (const { stdin } of makers) stdin.write("go");
    await Promise.all(ended);
    const keys = said.map((text) => text.trim().split("\n").at(-1));
    expect(keys[0]).toMatch(/^[0-9a-f]{88}$/);
    expect(new Set(keys).size).toBe(1);
    expect(readdirSync(dirname(file))).toEqual(["key.pem"]);
  });

  test("is beside the ledger's file, and for a database in the working directory", () => {
    expect(defaultKeyFile("/var/lib/ledger.db")).toBe("/var/lib/ledger.db-audit-key.pem");
    expect(defaultKeyFile("postgres://u@h/d")).toBe(
      join(process.cwd(), "tradelatch-audit-key.pem"),
    );
  });

  test("that others can read is refused, and stays as it is", async () => {
    const file = temporaryFile("key.pem");
    openSigningKey(file);
    chmodSync(file, 0o640);
    const before = readFileSync(file, "utf8");
    const { code, message, hint } = await latchError(() => openSigningKey(file));
    expect(code).toBe("audit_key_unusable");
    expect(message).toContain(`${file} cannot be used: others can read it (mode 0640)`);
    expect(hint).toContain("chmod 600");
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test("that is no such key is refused by its name and stays as it is", async () => {
    const folder = temporaryFolder();
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
    const contents = ["", "milk", rsa.export({ type: "pkcs8", format: "pem" })];
    for (const [index, content] of contents.entries()) {
      const file = join(folder, `${index}.pem`);
      writeFileSync(file, content, { mode: 0o600 });
      const { code, message } = await latchError(() => openSigningKey(file));
      expect([code, message]).toEqual(["audit_key_unusable", expect.stringContaining(file)]);
      expect(readFileSync(file, "utf8")).toBe(content);
      expect(message).not.toContain("milk");
    }
  });

  test("that cannot be made, or is only to be read and is not there, says why", async () => {
    const folder = temporaryFolder();
    const nowhere = join(folder, "gone", "key.pem");
    const { message: why } = await latchError(() => openSigningKey(nowhere));
    expect(why).toContain(`cannot be used: there is no folder ${join(folder, "gone")}`);
    const missing = join(folder, "key.pem");
    const { message } = await latchError(() => readSigningKey(missing));
    expect(message).toContain("there is none");
    expect(existsSync(missing)).toBe(false);
    mkdirSync(missing);
    const { message: what, code } = await latchError(() => openSigningKey(missing));
    expect([code, what]).toEqual(["audit_key_unusable", expect.stringContaining("not a file")]);
  });
});
