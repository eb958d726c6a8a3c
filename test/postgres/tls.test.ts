/** What a connection string says of TLS, against a server that has it and one that has not. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { claimCommand } from "../ledger/sample-commands.ts";
import { type Authority, Certificates } from "./certificates.ts";
import { newServer, ownByServer, type PostgresServer } from "./postgres-server.ts";
import { newDatabase, rowsOf } from "./shared-server.ts";

const certificates = new Certificates();
let authority: Authority;
let stranger: Authority;
let server: PostgresServer;

beforeAll(async () => {
  authority = certificates.newAuthority();
  stranger = certificates.newAuthority();
  const { key, certificate } = authority.issue("localhost");
  ownByServer(key);
  const settings = { ssl: "on", ssl_cert_file: certificate, ssl_key_file: key };
  server = await newServer({ settings });
  await server.start();
});
afterAll(async () => {
  await server.destroy();
  certificates.remove();
});

function urlWith(words: string, host = "localhost"): string {
  const url = new URL(server.urlOf("postgres"));
  url.hostname = host;
  url.password = "pa55word";
  url.search = words;
  return url.href;
}

function open(url: string) {
  const ledger = openPostgresLedger(url, systemClock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** Whether the connections of a ledger that has just taken a claim are encrypted. */
async function encryptionOf(url: string): Promise<readonly boolean[]> {
  const ledger = open(url);
  await claimed(ledger, claimCommand({ requestId: url }, { now: systemClock.now() })).catch(
    (error: Error) => {
      if (!error.message.includes("pending")) throw error;
    },
  );
  await ledger.lastEventAt();
  const found = await rowsOf<{ ssl: boolean }>(
    server.urlOf("postgres"),
    `SELECT DISTINCT s.ssl FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid)
     WHERE a.application_name = 'tradelatch'`,
  );
  await ledger.close();
  return found.map(({ ssl }) => ssl);
}

describe("a server with TLS", () => {
  test.each([
    ["sslmode=require", true],
    ["sslmode=prefer", true],
    ["", true],
    ["sslmode=disable", false],
  ])("is spoken to as %j says", async (words, isEncrypted) => {
    expect(await encryptionOf(urlWith(words))).toEqual([isEncrypted]);
  });

  test.each(["verify-ca", "verify-full", "require"])(
    "is trusted under %s by the authority that signed it",
    async (mode) => {
      const words = `sslmode=${mode}&sslrootcert=${authority.file}`;
      expect(await encryptionOf(urlWith(words))).toEqual([true]);
    },
  );

  test.each(["verify-ca", "verify-full", "require"])(
    "is refused under %s by another authority, and no password is told",
    async (mode) => {
      const words = `sslmode=${mode}&sslrootcert=${stranger.file}`;
      const { code, message } = await latchError(() => open(urlWith(words)).probe());
      expect(code).toBe("store_refused");
      expect(message).toMatch(/certificate/);
      expect(message).not.toContain("pa55word");
    },
  );

  test("is refused under verify-full where its certificate is for another name", async () => {
    const full = `sslmode=verify-full&sslrootcert=${authority.file}`;
    const { code, message } = await latchError(() => open(urlWith(full, "127.0.0.1")).probe());
    expect(code).toBe("store_refused");
    expect(message).toContain("127.0.0.1");
    const named = `sslmode=verify-ca&sslrootcert=${authority.file}`;
    expect(await encryptionOf(urlWith(named, "127.0.0.1"))).toEqual([true]);
  });

  test("is not trusted without its authority, under verify-full", async () => {
    const { code } = await latchError(() => open(urlWith("sslmode=verify-full")).probe());
    expect(code).toBe("store_refused");
  });

  test("whose root certificate cannot be read is named by the file", async () => {
    const words = "sslmode=verify-full&sslrootcert=/nowhere.pem";
    const { code, message } = await latchError(() => open(urlWith(words)));
    expect(code).toBe("file_unreadable");
    expect(message).toContain("sslrootcert /nowhere.pem");
  });
});

describe("a server without TLS", () => {
  async function plainUrl(words: string): Promise<string> {
    const { url, drop } = await newDatabase();
    onTestFinished(drop);
    return `${url}?${words}`;
  }

  test.each(["require", "verify-full"])("is refused under %s", async (mode) => {
    const url = await plainUrl(`sslmode=${mode}`);
    const { code, message } = await latchError(() => open(url).probe());
    expect(code).toBe("store_unreachable");
    expect(message).toContain("does the server have TLS?");
  });

  test.each(["prefer", "disable", "allow"])("is spoken to under %s", async (mode) => {
    await expect(open(await plainUrl(`sslmode=${mode}`)).probe()).resolves.toBeUndefined();
  });
});
