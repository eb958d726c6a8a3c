import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, openSync, writeSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runHere } from "./in-process.ts";
import { inDirectory, type ProgramOptions, type Running, run, startProgram } from "./program.ts";

const SECRET = "brokerSecretThatMustNeverLeaveTheProcess";
const AGENT_SECRET = "agentSecretThatOnlyTheBotKnows";
const ORDER = { symbol: "TQQQ", side: "buy", qty: 6, type: "market", time_in_force: "day" };
/** What the environment of whoever runs the tests must not decide. */
const NO_KEYS = { APCA_API_KEY_ID: "", APCA_API_SECRET_KEY: "", APCA_API_BASE_URL: "" };

interface Served {
  readonly running: Running;
  readonly lines: readonly string[];
  readonly url: string;
}

async function serve(words: readonly string[], options: ProgramOptions): Promise<Served> {
  const env = { ...NO_KEYS, ...options.env };
  const running = startProgram(["serve", "--port", "0", ...words], { ...options, env });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    running.child.stdout?.on("data", (chunk: string) => {
      said += chunk;
      if (/Claims picked up[^\n]*\n/.test(said)) resolve();
    });
    running.child.once("close", () => reject(new Error(`ended after: ${said}`)));
  });
  const url = /Listening on (http:\S+):/.exec(said)?.[1] ?? "";
  return { running, lines: said.trimEnd().split("\n"), url };
}

function place(url: string, keyId: string, secret: string): Promise<Response> {
  const headers = { "APCA-API-KEY-ID": keyId, "APCA-API-SECRET-KEY": secret };
  return fetch(`${url}/v2/orders`, { method: "POST", headers, body: JSON.stringify(ORDER) });
}

describe("tradelatch serve --broker sim", () => {
  test("tells programs one JSON object a line, and takes an empty variable for none", async () => {
    await inDirectory(async (cwd) => {
      const words = ["serve", "--broker", "sim", "--port", "0", "--json"];
      const env = { ...NO_KEYS, TRADELATCH_STORE: "" };
      const running = startProgram(words, { cwd, env });
      running.child.stdout?.on("data", (said: string) => {
        if (said.includes('"started"')) running.child.kill("SIGTERM");
      });
      const { stdout, exitCode } = await running.ended;
      const lines = stdout.trimEnd().split("\n");
      const [listening, started, ...others] = lines.map((line) => JSON.parse(line));
      const page = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/$/);
      const place = { event: "listening", page, isSimulated: true, key: "simulated" };
      expect(listening).toMatchObject({ ...place, store: "tradelatch.db" });
      expect(started).toEqual({ event: "started", account: expect.any(String), claims: [] });
      expect({ others, exitCode }).toEqual({ others: [], exitCode: 0 });
    });
  });

  test.runIf(existsSync("/dev/full"))(
    "goes on, and ends well, where its log has no room",
    async () => {
      await inDirectory(async (cwd) => {
        const { running, url } = await serve(["--broker", "sim"], { cwd, stderr: "/dev/full" });
        for (const status of ["PROCEED", "SKIP", "SKIP"]) {
          const answer = await place(url, "simulated", "simulated");
          expect(answer.headers.get("tradelatch-status")).toBe(status);
        }
        running.child.kill("SIGTERM");
        expect(await running.ended).toMatchObject({ exitCode: 0 });
      });
    },
  );

  test("ends well where whoever reads its log stands still", async () => {
    await inDirectory(async (cwd) => {
      const stderr = join(cwd, "log");
      execFileSync("mkfifo", [stderr]);
      const reader = openSync(stderr, constants.O_RDWR | constants.O_NONBLOCK);
      onTestFinished(() => closeSync(reader));
      writeSync(reader, "x".repeat(64 * 1_024));
      const { running, url } = await serve(["--broker", "sim"], { cwd, stderr });
      onTestFinished(() => void running.child.kill("SIGKILL"));
      expect((await place(url, "simulated", "simulated")).status).toBe(200);
      running.child.kill("SIGTERM");
      expect(await running.ended).toMatchObject({ exitCode: 0 });
    });
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "says in under ten lines what it found, guards orders, and ends well on %s",
    async (signal) => {
      await inDirectory(async (cwd) => {
        const { running, lines, url } = await serve(["--broker", "sim"], { cwd });
        expect(lines.length).toBeLessThan(10);
        expect(lines[0]).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+: set APCA_API_BASE_URL=/);
        const text = lines.join("\n");
        expect(text).toMatch(/^Broker: http:\/\/127\.0\.0\.1:\d+ \(simulated\)$/m);
        expect(text).toMatch(/^Account: [0-9a-f-]{36}$/m);
        expect(text).toMatch(/^Store: tradelatch\.db$/m);
        expect(text).toContain(`Operator page: ${url}/ (to act there set TRADELATCH_OPERATOR_KEY)`);
        expect(text).toMatch(/^Keys: APCA_API_KEY_ID=simulated APCA_API_SECRET_KEY=simulated$/m);
        expect(text).toMatch(/^Claims picked up: 0 \(0 settled now, 0 working, 0 unknown\)$/m);
        const answers = [
          await place(url, "simulated", "simulated"),
          await place(url, "simulated", "simulated"),
        ];
        expect(answers.map(({ status }) => status)).toEqual([200, 200]);
        const orders = (await Promise.all(answers.map((answer) => answer.json()))) as {
          id: string;
        }[];
        expect(orders[1]?.id).toBe(orders[0]?.id);
        running.child.kill(signal);
        const { stderr, exitCode } = await running.ended;
        expect(exitCode, stderr).toBe(0);
        for (const line of stderr.trimEnd().split("\n"))
          expect(() => JSON.parse(line)).not.toThrow();
      });
    },
  );

  test("takes the keys that the bot has anyway, and shows no secret", async () => {
    await inDirectory(async (cwd) => {
      const agents = [{ id: "bot-1", secret: AGENT_SECRET, group: "momentum" }];
      const env = {
        APCA_API_KEY_ID: "PKMINE",
        APCA_API_SECRET_KEY: SECRET,
        TRADELATCH_AGENTS: JSON.stringify(agents),
      };
      const { running, url } = await serve(["--broker", "sim"], { cwd, env });
      expect((await place(url, "PKMINE", SECRET)).status).toBe(200);
      expect((await place(url, "bot-1", AGENT_SECRET)).status).toBe(200);
      expect((await place(url, "PKMINE", AGENT_SECRET)).status).toBe(401);
      running.child.kill("SIGTERM");
      const { stdout, stderr, exitCode } = await running.ended;
      expect(exitCode, stderr).toBe(0);
      for (const secret of [SECRET, AGENT_SECRET]) expect(stdout + stderr).not.toContain(secret);
    });
  });

  test("takes its settings from the environment", async () => {
    await inDirectory(async (cwd) => {
      const env = { TRADELATCH_STORE: "mine.db", TRADELATCH_ALLOW_SHORT: "true" };
      const { running, lines } = await serve(["--broker", "sim"], { cwd, env });
      expect(lines).toContain("Store: mine.db");
      running.child.kill("SIGTERM");
      const { stderr, exitCode } = await running.ended;
      expect(exitCode, stderr).toBe(0);
    });
  });

  test.each([
    ["serve", ["serve"]],
    ["mcp over HTTP", ["mcp", "--http"]],
  ])("%s fails in one line, and makes no ledger, when its port is in use", async (_, command) => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
    const port = String((holder.address() as AddressInfo).port);
    try {
      await inDirectory(async (cwd) => {
        const words = [...command, "--broker", "sim", "--port", port];
        const { stdout, stderr, exitCode } = await run(words, { cwd, env: NO_KEYS });
        expect(stderr).toMatch(/^tradelatch: cannot listen on [^\n]+\n$/);
        expect(stderr).toContain(`port ${port}`);
        expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
        expect(await readdir(cwd)).toEqual([]);
      });
    } finally {
      holder.close();
    }
  });
});

test("tradelatch mcp says what it serves, for nothing else is said before a client speaks", async () => {
  await inDirectory(async (cwd) => {
    const words = ["mcp", "--broker", "sim", "--allow-orders"];
    const { stdout, stderr, exitCode } = await run(words, { cwd, env: NO_KEYS });
    expect({ stdout, exitCode }, stderr).toEqual({ stdout: "", exitCode: 0 });
    expect(JSON.parse(stderr.split("\n")[0] ?? "")).toMatchObject({
      ...{
        level: 30,
        orders: "on",
        broker: expect.stringMatching(/^http:/),
        store: "tradelatch.db",
      },
      msg: "tools on standard input and output, for a client that speaks first",
    });
  });
});

describe("tradelatch serve refuses in one line, with exit code 2,", () => {
  const keys = { APCA_API_KEY_ID: "PKMINE", APCA_API_SECRET_KEY: SECRET };

  test.each<[string, readonly string[], Readonly<Record<string, string>>, string]>([
    ["an unknown flag", ["--loud"], keys, "unknown option '--loud'"],
    ["an argument", ["here"], keys, 'unexpected argument "here"'],
    ["an unknown broker", ["--broker", "ibkr"], keys, 'broker (TRADELATCH_BROKER) is "ibkr"'],
    ["a port in words", ["--port", "eighty"], keys, "'eighty'"],
    ["a port that is none", ["--port", "65536"], keys, "port (TRADELATCH_PORT) is 65536"],
    ["too long a wait", ["--wait-ms", "10000"], keys, "waitMs (TRADELATCH_WAIT_MS) is 10000"],
    ["no wait", ["--wait-ms", "0"], keys, "waitMs (TRADELATCH_WAIT_MS) is 0"],
    ["a negative window", ["--dedupe-window-ms", "-1"], keys, "'-1'"],
    ["no key", [], {}, "keyId (APCA_API_KEY_ID) is missing"],
    [
      "no key, with the ways out",
      [],
      {},
      "without keys serve and mcp take --broker sim (simulated inside) or --broker none",
    ],
    ["no secret", [], { APCA_API_KEY_ID: "PKMINE" }, "secret (APCA_API_SECRET_KEY) is missing"],
    [
      "an address that others can reach, without agent keys",
      ["--host", "0.0.0.0"],
      keys,
      "listening on 0.0.0.0 needs agent keys",
    ],
    [
      "real money that was not spoken of",
      [],
      { ...keys, APCA_API_BASE_URL: "https://api.alpaca.markets" },
      "trades real money: say --live as well",
    ],
    [
      "real money that was spoken of, and no address but the paper one",
      ["--live"],
      keys,
      "APCA_API_BASE_URL is missing",
    ],
    ["an unknown variable", [], { ...keys, TRADELATCH_DEDUPE: "5" }, "TRADELATCH_DEDUPE"],
    [
      "agents that are not JSON",
      [],
      { ...keys, TRADELATCH_AGENTS: AGENT_SECRET },
      "agents (TRADELATCH_AGENTS) is not usable: it is not JSON",
    ],
    [
      "an operator key that a bot has too",
      [],
      { ...keys, TRADELATCH_OPERATOR_KEY: SECRET },
      "TRADELATCH_OPERATOR_KEY",
    ],
    [
      "a store on a server of another kind",
      ["--store", `mysql://me:${AGENT_SECRET}@db/latch`],
      keys,
      "begins with mysql://",
    ],
  ])("%s", async (_, words, given, part) => {
    await inDirectory(async (directory) => {
      const store = words.includes("--store") ? [] : ["--store", join(directory, "latch.db")];
      const { stdout, stderr, exitCode } = await runHere(["serve", ...store, ...words], given);
      expect(stderr).toMatch(/^tradelatch: [^\n]+\n$/);
      expect(stderr).toContain(part);
      expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
      for (const secret of [SECRET, AGENT_SECRET]) expect(stderr).not.toContain(secret);
      // A ledger that was opened would keep the process from ending.
      expect(await readdir(directory)).toEqual([]);
    });
  });
});
