import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openSigningKey } from "../../src/audit/signing-key.ts";
import { doctorCommand } from "../../src/cli/doctor-command.ts";
import { failureLine } from "../../src/cli/failure-line.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Check } from "../../src/doctor/check.ts";
import { examine } from "../../src/doctor/examine.ts";
import { checkPermissions, checkSpace } from "../../src/doctor/store-checks.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile, temporaryFolder } from "../ledger/temporary-folder.ts";
import { newDatabase } from "../postgres/shared-server.ts";
import { atTheEnd, BROKER, openSidecar, openUpstream } from "../sidecar/sidecar-bench.ts";
import { Database } from "../sqlite-database.ts";
import { unusedPort } from "../unused-port.ts";
import { run } from "./program.ts";

interface Examined {
  readonly exitCode: number;
  readonly text: string;
  readonly failure: string;
  /** Such as `failed: the keys are refused`. */
  readonly told: Readonly<Record<string, string>>;
  readonly checks: Readonly<Record<string, Check>>;
}

const KEYS = { APCA_API_KEY_ID: BROKER.keyId, APCA_API_SECRET_KEY: BROKER.secret };

/** The command in this process, as JSON and as text for 80 columns. */
async function examined(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  clock: ManualClock | typeof systemClock = systemClock,
): Promise<Examined> {
  const lines: string[] = [];
  const line = (text: string) => void lines.push(text);
  const output = { line, columns: 80, color: false, logsAreRead: false };
  const tell = async (...more: readonly string[]) => {
    const command = doctorCommand(output, environment, clock);
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    try {
      await command.parseAsync([...words, ...more], { from: "user" });
      return { exitCode: 0, line: "" };
    } catch (error) {
      return failureLine(error, ["doctor"], ["doctor"]);
    }
  };
  const ended = await tell("--json");
  const { checks } = JSON.parse(lines.join("")) as { readonly checks: readonly Check[] };
  return {
    exitCode: ended.exitCode,
    failure: ended.line,
    text: lines.join("\n"),
    told: Object.fromEntries(checks.map(({ name, state, found }) => [name, `${state}: ${found}`])),
    checks: Object.fromEntries(checks.map((check) => [check.name, check])),
  };
}

async function openBroker(startAt = systemClock.now()) {
  const broker = await startSimulator({ ...BROKER, startAt });
  atTheEnd(() => broker.close());
  return broker;
}

const LIVE_URL = "https://api.alpaca.markets";
const WELL = ["--port", "0"];

describe("tradelatch doctor", () => {
  test("finds nothing wrong, sends no order, and makes no ledger", async () => {
    // The broker's stands still, and so does this one, however long the doctor takes.
    const clock = new ManualClock(systemClock.now());
    const broker = await openBroker(clock.now());
    const store = join(temporaryFolder(), "latch.db");
    const env = { ...KEYS, APCA_API_BASE_URL: broker.url, TRADELATCH_STORE: store };
    const { exitCode, told } = await examined(WELL, env, clock);
    expect(exitCode).toBe(0);
    expect(Object.values(told).filter((text) => !text.startsWith("ok: "))).toEqual([]);
    expect(told.credentials).toMatch(/^ok: account [0-9a-f-]{36} is active$/);
    expect(told.permissions).toBe(`ok: this user may write ${dirname(store)}`);
    expect(told.calendar).toMatch(/^ok: the next trading day is 20\d\d-\d\d-\d\d, /);
    expect(new Set(broker.requests().map(({ method }) => method))).toEqual(new Set(["GET"]));
    expect(readdirSync(dirname(store))).toEqual([]);
  });

  test("is read by a person within 80 columns, remedies below what is not well", async () => {
    const store = temporaryFile();
    writeFileSync(store, "not a database");
    const env = { APCA_API_BASE_URL: `http://127.0.0.1:${await unusedPort()}` };
    const ended = await run(["doctor", "--port", "0", "--store", store], {
      env: { APCA_API_KEY_ID: "", APCA_API_SECRET_KEY: "", ...env },
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(
      /^tradelatch: 3 of 14 checks failed: store, broker, credentials\./,
    );
    expect(ended.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(ended.stdout).toMatch(/^node {9}ok {7}Node /m);
    expect(ended.stdout).toMatch(/^ +-> Name another file with --store/m);
  });

  test("needs no broker where the simulated one is inside the sidecar", async () => {
    const { exitCode, told } = await examined(["--broker", "sim", ...WELL], {
      TRADELATCH_STORE: temporaryFile(),
    });
    expect(exitCode).toBe(0);
    expect(told.credentials).toBe("skipped: the simulated broker is inside the sidecar");
    const live = { TRADELATCH_LIVE: "true", TRADELATCH_STORE: temporaryFile() };
    const elsewhere = { ...live, TRADELATCH_LIVE: "", APCA_API_BASE_URL: LIVE_URL };
    for (const environment of [live, elsewhere]) {
      const { told } = await examined(["--broker", "sim", ...WELL], environment);
      expect(told.settings).toBe("ok: flags and environment are in order");
    }
  });

  test("goes on with the rest where a setting is wrong, and shows no secret of it", async () => {
    const env = { ...KEYS, TRADELATCH_BANANA: "1", APCA_API_BASE_URL: (await openBroker()).url };
    const store = "mysql://bot:storePassword@127.0.0.1/latch";
    const { exitCode, told, text } = await examined(["--store", store, ...WELL], env);
    expect(exitCode).toBe(1);
    expect(told.settings).toContain("TRADELATCH_BANANA");
    expect(told.store).toBe("skipped: the settings name no store that can be used");
    expect(told.credentials).toMatch(/^ok: /);
    expect(text).not.toContain("storePassword");
  });

  test("looks at bars and their stream, which fail only where they are needed", async () => {
    const broker = await openBroker();
    const env = { ...KEYS, APCA_API_BASE_URL: broker.url, TRADELATCH_STORE: temporaryFile() };
    const well = await examined([...WELL, "--data"], env);
    expect(well.exitCode).toBe(0);
    expect(well.told["bar stream"]).toMatch(/^ok: ws:.*\/v2\/iex takes the keys$/);
    expect(broker.dataConnections()).toBe(0);
    const sip = [...WELL, "--data-feed", "sip"];
    const warned = await examined(sip, env);
    expect(warned.exitCode).toBe(0);
    expect(warned.told.bars).toMatch(/^warning: .* refuses bars: .*recent SIP data/);
    const needed = await examined([...sip, "--data"], env);
    expect(needed.exitCode).toBe(1);
    expect(needed.told["bar stream"]).toMatch(/^failed: ws:.*insufficient subscription$/);
  });

  test("an old Node fails", async () => {
    const checks = await examine({
      ...{ clock: systemClock, settingsFault: undefined, store: undefined },
      ...{ broker: "not asked", data: "not asked" },
      ...{ node: { version: "20.9.0", least: "20.12" }, host: "127.0.0.1", port: 0 },
      backupDir: undefined,
      lookAtKey: (file: string) => ({ file, fault: undefined }),
      lookAtStore: async () => ({ kind: "none" }),
    });
    expect(checks[0]).toMatchObject({ state: "failed", remedy: "Install Node 20.12 or later." });
  });
});

describe("the broker's checks", () => {
  const asked = (url: string, env: Readonly<Record<string, string>> = KEYS, clock?: ManualClock) =>
    examined(["--store", temporaryFile(), ...WELL], { ...env, APCA_API_BASE_URL: url }, clock);

  test("keys that are refused fail alone, and appear nowhere", async () => {
    const { url } = await openBroker();
    const wrong = { APCA_API_KEY_ID: "anotherKeyId", APCA_API_SECRET_KEY: "anotherSecret" };
    const { exitCode, told, text, failure } = await asked(url, wrong);
    expect([exitCode, told.broker?.slice(0, 2)]).toEqual([1, "ok"]);
    expect(told.credentials).toMatch(/^failed: the keys are refused: /);
    expect(told.calendar).toBe("skipped: not asked: the keys are refused");
    expect(`${text}${failure}`).not.toMatch(/anotherKeyId|anotherSecret/);
  });

  test("keys that are not set fail, and the broker is asked all the same", async () => {
    const clock = new ManualClock(systemClock.now());
    const { told } = await asked((await openBroker(clock.now())).url, {}, clock);
    expect(told.credentials).toBe("failed: APCA_API_KEY_ID or APCA_API_SECRET_KEY is not set");
    expect(told.clock).toMatch(/^ok: /);
  });

  test("a broker that is away fails by itself", async () => {
    const { exitCode, told } = await asked(`http://127.0.0.1:${await unusedPort()}`);
    expect(exitCode).toBe(1);
    expect(told.broker).toMatch(/^failed: .*ECONNREFUSED/);
    for (const name of ["credentials", "clock", "rate budget", "calendar"]) {
      expect(told[name]).toBe("skipped: the broker gave no answer");
    }
    expect(told.store).toMatch(/^ok: /);
  });

  test("a broker that never answers is waited for a few seconds", async () => {
    const silent = await openUpstream(() => undefined);
    const clock = new ManualClock(systemClock.now());
    const answer = asked(silent.url, KEYS, clock);
    let isOver = false;
    answer.then(() => {
      isOver = true;
    });
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      if (silent.requests.length >= 2) clock.advanceTo(clock.now() + 1_000);
    }
    expect((await answer).told.broker).toMatch(/^failed: .*no answer within 5000 ms$/);
  });

  test("a web page in its place is a warning", async () => {
    const broker = await openBroker();
    const fault = { kind: "html", status: 502, accept: false } as const;
    broker.addFaults([{ match: { path: "/v2/account" }, fault }]);
    const { told } = await asked(broker.url);
    expect(told.broker).toMatch(/^warning: .*502/);
    expect(told.calendar).toMatch(/^ok: /);
  });

  test("a rate limit that is used up fails, one that others use is a warning", async () => {
    const broker = await openBroker();
    broker.addFaults([{ match: { path: "/v2/account" }, fault: { kind: "rate_limited" } }]);
    expect((await asked(broker.url)).told["rate budget"]).toMatch(/^failed: .*used up$/);
    const busy = await openUpstream((_, response) => {
      response.setHeader("X-RateLimit-Limit", "200").setHeader("X-RateLimit-Remaining", "12");
      response.end("{}");
    });
    const account = await asked(busy.url);
    expect(account.told["rate budget"]).toBe("skipped: the broker gave no answer");
    const told = await openUpstream((request, response) => {
      response.setHeader("X-RateLimit-Limit", "200").setHeader("X-RateLimit-Remaining", "12");
      const isAccount = request.url?.startsWith("/v2/account");
      const body = isAccount ? { id: "a-1", status: "ACCOUNT_BLOCKED" } : [];
      response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    });
    const blocked = await asked(told.url);
    expect(blocked.told["rate budget"]).toBe("warning: 12 of 200 requests a minute are left");
    expect(blocked.told.credentials).toBe("failed: account a-1 is ACCOUNT_BLOCKED");
    expect(blocked.told.calendar).toBe("failed: no trading day in 14 days");
  });

  test("a failure with 429 in its words says nothing of the rate limit", async () => {
    const told = await openUpstream((_, response) => {
      response.writeHead(500).end(JSON.stringify({ code: 50010000, message: "see 14290" }));
    });
    const { broker, "rate budget": budget } = (await asked(told.url)).told;
    expect(broker).toContain("429");
    expect(budget).toBe("skipped: the broker gave no answer");
  });

  test("an account that is active and takes no orders fails", async () => {
    const flags = { trading_blocked: true, account_blocked: false };
    const told = await openUpstream((request, response) => {
      const isAccount = request.url?.startsWith("/v2/account");
      const body = isAccount ? { id: "a-1", status: "ACTIVE", ...flags } : [];
      response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    });
    const { credentials } = (await asked(told.url)).told;
    expect(credentials).toBe("failed: account a-1 is ACTIVE, trading_blocked");
  });

  test("a clock that differs from the broker's is a warning, in either direction", async () => {
    const clock = new ManualClock(START);
    const behind = await asked((await openBroker(START + 60_000)).url, KEYS, clock);
    // The broker tells its time by the second, which is taken to be half over.
    expect(behind.told.clock).toBe("warning: this clock is 60.5 s behind the broker's");
    const ahead = await asked((await openBroker(START)).url);
    expect(ahead.told.clock).toMatch(/^warning: this clock is \d+ minutes ahead of the broker's$/);
    expect(ahead.told.calendar).toBe(
      "ok: the next trading day is 2026-05-21, 09:30 to 16:00 New York",
    );
  });
});

describe("the store's checks", () => {
  const asked = (store: string, clock: ManualClock | typeof systemClock = systemClock) =>
    examined(["--broker", "sim", "--store", store, ...WELL], {}, clock);

  async function ledgerFile() {
    const file = temporaryFile();
    const ledger = openLedger(file);
    await claimed(ledger, claimCommand());
    return { file, ledger };
  }

  test("a ledger is well, also while it is in use, and no byte of it is changed", async () => {
    const { file, ledger } = await ledgerFile();
    const bytes = () =>
      readdirSync(dirname(file))
        .sort()
        .map((name) => [name, readFileSync(join(dirname(file), name)).toString("base64")]);
    const before = bytes().filter(([name]) => !name?.endsWith("-shm"));
    expect((await asked(file)).told.store).toBe(
      `ok: a ledger in ${file}, last event 2026-05-21T13:40:00.000Z`,
    );
    expect(bytes().filter(([name]) => !name?.endsWith("-shm"))).toEqual(before);
    await ledger.close();
    const closed = bytes();
    expect((await asked(file)).told.store).toMatch(/^ok: a ledger/);
    expect(bytes()).toEqual(closed);
  });

  test("a ledger that is too large to be looked at for damage says so", async () => {
    const { file, ledger } = await ledgerFile();
    await ledger.close();
    const database = new Database(file);
    database.exec("INSERT INTO checkpoints VALUES (1, 0, hex(zeroblob(10000000)))");
    database.close();
    expect((await asked(file)).told.store).toBe(
      `ok: a ledger in ${file}, last event 2026-05-21T13:40:00.000Z; ` +
        "too large to be looked through for damage here: tradelatch audit verify does that",
    );
  });

  test.each<[string, (file: string) => void, string]>([
    ["no database", (file) => writeFileSync(file, "x".repeat(5_000)), "failed: the ledger"],
    [
      "another program's",
      (file) => void new Database(file).exec("CREATE TABLE t (x)").close(),
      "failed: ",
    ],
    ["empty", (file) => writeFileSync(file, ""), "ok: no ledger in"],
  ])("a file that is %s", async (_, make, start) => {
    const file = temporaryFile();
    make(file);
    const { told, checks } = await asked(file);
    expect(told.store?.startsWith(start)).toBe(true);
    expect(checks.store?.remedy === null).toBe(checks.store?.state === "ok");
  });

  test.each([
    ["newer", 99, "failed"],
    ["older", 1, "warning"],
  ])("a ledger of a %s program", async (_, version, state) => {
    const { file, ledger } = await ledgerFile();
    await ledger.close();
    const database = new Database(file);
    database.pragma(`user_version = ${version}`);
    database.close();
    const { checks } = await asked(file);
    expect(checks.store).toMatchObject({ state });
    expect(checks.store?.found).toContain(`schema version ${version}`);
  });

  test("a machine that is behind its ledger fails", async () => {
    const { file, ledger } = await ledgerFile();
    await ledger.close();
    const { told } = await asked(file, new ManualClock(START - 16 * 60_000));
    expect(told.store).toMatch(/^failed: the last event .* later than now$/);
  });

  test("a file or folder that others may use is a warning with its command", async () => {
    const { file, ledger } = await ledgerFile();
    await ledger.close();
    chmodSync(file, 0o644);
    expect((await asked(file)).checks.permissions).toMatchObject({
      ...{ state: "warning", found: `${file} has mode 644: others may use it` },
      remedy: `chmod 600 ${file}`,
    });
    chmodSync(file, 0o600);
    chmodSync(dirname(file), 0o777);
    expect((await asked(file)).told.permissions).toMatch(/^warning: others may replace files in /);
  });

  test("a folder that cannot be written or is not there fails", async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    // Whoever may do everything is not who runs a sidecar.
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const words = ["doctor", "--broker", "sim", ...WELL, "--json", "--store", join(folder, "l.db")];
    const { stdout } = await run(words, user);
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
    expect(checks.find(({ name }) => name === "permissions")).toMatchObject({ state: "failed" });
    expect(checkPermissions(join(folder, "gone", "l.db"))).toMatchObject({
      ...{ state: "failed", found: `there is no folder ${join(folder, "gone")}` },
      remedy: expect.stringMatching(/^Make .*gone for this user, or name another place/),
    });
    expect(checkSpace(join(folder, "gone", "l.db"))).toMatchObject({ state: "skipped" });
    // Taking the folder's rights away would be no remedy.
    const other = join(temporaryFolder(), "folder");
    mkdirSync(other, { mode: 0o755 });
    expect(checkPermissions(other)).toMatchObject({ state: "ok" });
  });

  test("an audit key fails that a sidecar would refuse at its start, or could not make", async () => {
    const { file, ledger } = await ledgerFile();
    await ledger.close();
    expect((await asked(file)).told["audit key"]).toMatch(/^ok: .*-audit-key\.pem will be made$/);
    const key = `${file}-audit-key.pem`;
    openSigningKey(key);
    expect((await asked(file)).told["audit key"]).toBe(`ok: ${key}`);
    chmodSync(key, 0o644);
    expect((await asked(file)).checks["audit key"]).toMatchObject({
      ...{ state: "failed", found: expect.stringContaining("others can read it (mode 0644)") },
      remedy: expect.stringContaining("chmod 600"),
    });
    const elsewhere = join(dirname(file), "gone", "key.pem");
    const words = ["--broker", "sim", ...WELL, "--store", file, "--audit-key", elsewhere];
    const { checks } = await examined(words, {});
    expect(checks["audit key"]).toMatchObject({
      ...{ state: "failed", found: `there is no folder ${dirname(elsewhere)}` },
    });
  });

  test("a folder for copies that is not there, or is none, fails", async () => {
    const folder = join(temporaryFolder(), "copies");
    const words = ["--broker", "sim", "--store", temporaryFile(), ...WELL, "--backup-dir", folder];
    const { checks } = await examined(words, {});
    expect(checks.permissions).toMatchObject({ state: "failed" });
    expect(checks.permissions?.found).toBe(
      `no copy can be kept in ${folder}: there is no folder ${folder}`,
    );
    writeFileSync(folder, "");
    expect((await examined(words, {})).told.permissions).toMatch(/^failed: .*is no folder$/);
    rmSync(folder);
    mkdirSync(folder);
    expect((await examined(words, {})).told.permissions).toMatch(/^ok: /);
  });

  test.skipIf(!existsSync("/proc/self"))("a place without any room fails", () => {
    // A file system of this kind has none.
    expect(checkSpace("/proc/ledger.db")).toMatchObject({ state: "failed" });
  });

  test("a database is looked at, and no schema is made in it", async () => {
    const database = await newDatabase();
    onTestFinished(() => database.drop());
    const first = await asked(database.url);
    expect(first.told.store).toMatch(
      /^ok: no ledger in postgres:\/\/.* yet; the first start makes one$/,
    );
    expect(first.told.permissions).toBe("skipped: the database server's own business");
    expect((await asked(database.url)).told.store).toMatch(/^ok: no ledger in /);
    const ledger = openPostgresLedger(database.url, new ManualClock(START));
    await claimed(ledger, claimCommand());
    await ledger.close();
    expect((await asked(database.url)).told.store).toMatch(
      /^ok: a ledger in .*2026-05-21T13:40:00/,
    );
  });

  test("a database that is away fails, and its password appears nowhere", async () => {
    const url = `postgres://bot:storePassword@127.0.0.1:${await unusedPort()}/latch`;
    const { told, text, failure, checks } = await asked(url);
    expect(told.store).toMatch(/^failed: /);
    expect(checks.store?.remedy).toContain("Start the database server");
    expect(`${text}${failure}`).not.toContain("storePassword");
  });
});

describe("the port's check", () => {
  const asked = (port: number) =>
    examined(["--broker", "sim", "--store", temporaryFile(), "--port", String(port)], {});

  test("another program on it fails", async () => {
    const other = await openUpstream((_, response) => void response.end("hello"));
    const { told } = await asked(other.port);
    expect(told.port).toBe(`failed: 127.0.0.1:${other.port} cannot be listened on: EADDRINUSE`);
  });

  test("an address that is none of this machine's fails, whatever the port", async () => {
    const words = ["--broker", "sim", "--store", temporaryFile(), "--host", "203.0.113.7"];
    const { told, checks } = await examined([...words, "--port", "0"], {});
    expect(told.port).toBe("failed: 203.0.113.7:0 cannot be listened on: EADDRNOTAVAIL");
    const remedy = "Choose another --port, or a --host that is of this machine";
    expect(checks.port?.remedy).toContain(remedy);
  });

  test("a sidecar on it is a warning", async () => {
    const sidecar = await openSidecar((await openBroker()).url, {
      own: (app) => app.get("/healthz", async () => ({ status: "ok" })),
    });
    expect((await asked(sidecar.port)).told.port).toMatch(/^warning: a sidecar listens on /);
  });
});
