/** What a ledger on a server does when the server is not what it should be, or not there. */
import { pino } from "pino";
import postgres from "postgres";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
} from "vitest";
import { resolveServeConfig } from "../../src/config.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { openPostgresLedger } from "../../src/ledger/postgres/postgres-ledger.ts";
import { openSidecar, type Sidecar } from "../../src/sidecar/sidecar.ts";
import { startSimulator } from "../../src/simulator/index.ts";
import { DrivenClock } from "../guard/guard-world.ts";
import { claimed, latchError } from "../ledger/open-ledger.ts";
import { ACCOUNT, claimCommand, START } from "../ledger/sample-commands.ts";
import { temporaryFile } from "../ledger/temporary-folder.ts";
import { newServer, type PostgresServer } from "./postgres-server.ts";
import { databaseOfTest, onServer } from "./shared-server.ts";

function open(url: string, clock = new ManualClock(START)): Ledger {
  const ledger = openPostgresLedger(url, clock);
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

/** A sidecar that has started to wait for its store, and a bot in front of it. */
async function startedWhileAway(store: string) {
  const broker = await startSimulator({ prices: { TQQQ: "75" } });
  onTestFinished(() => broker.close());
  const clock = new ManualClock(START);
  const keys = { "APCA-API-KEY-ID": "id", "APCA-API-SECRET-KEY": "broker-secret" };
  const settings = { store, baseUrl: broker.url, keyId: "id", secret: "broker-secret" };
  const serve = resolveServeConfig({ ...settings, port: 0, auditKey: temporaryFile("key") }, {});
  const logger = pino({ level: "silent" });
  const surroundings = { serve, logger, clock, schedule: false };
  const { sidecar, reason } = await new Promise<{ sidecar: Sidecar; reason: string }>(
    (resolve, reject) => {
      const onAway = (reason: string) => opening.then((sidecar) => resolve({ sidecar, reason }));
      const opening = openSidecar({ ...surroundings, onAway });
      opening.then((sidecar) => sidecar.started).catch(reject);
    },
  );
  onTestFinished(() => sidecar.close(0).catch(() => undefined));
  const send = () => {
    const order = { symbol: "TQQQ", qty: "1", side: "buy", type: "market", time_in_force: "day" };
    const body = JSON.stringify({ ...order, client_order_id: "once" });
    return fetch(`${sidecar.url}/v2/orders`, { method: "POST", headers: keys, body });
  };
  return { sidecar, reason, clock, broker, send };
}

describe("a server of its own", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await newServer();
  });
  beforeEach(() => server.start());
  afterEach(() => server.stop());
  afterAll(() => server.destroy());

  const url = () => server.urlOf("postgres");

  test("that is away takes no claim, says so, and takes the next when it is back", async () => {
    const ledger = open(url());
    await claimed(ledger, claimCommand({ requestId: "before", quantity: "76" }));
    await server.stop();
    const asked = claimCommand({ requestId: "meanwhile", quantity: "75" });
    const { code, message } = await latchError(() => ledger.claim(asked));
    expect(code).toBe("store_unreachable");
    expect(message).toContain(`the ledger at postgres://tradelatch@127.0.0.1:${server.port}`);
    await server.start();
    await claimed(ledger, claimCommand({ requestId: "after", quantity: "77" }));
    expect(await ledger.countByStatus(ACCOUNT)).toMatchObject({ OPEN: expect.any(Number) });
  });

  test("that is a standby takes no claim, says so, and takes the next when it leads", async () => {
    const ledger = open(url());
    await claimed(ledger, claimCommand({ requestId: "first", quantity: "86" }));
    await server.stop();
    server.follows(true);
    await server.start();
    const refusals = [
      await latchError(() => ledger.claim(claimCommand({ requestId: "follows", quantity: "88" }))),
      await latchError(() => ledger.claim(claimCommand({ requestId: "follows", quantity: "88" }))),
      await latchError(() => ledger.probe()),
      await latchError(() => ledger.rememberAccount("login", ACCOUNT)),
    ];
    // The first one may have met the connection of before.
    const codes = new Set(refusals.slice(1).map(({ code }) => code));
    expect(codes).toEqual(new Set(["store_unwritable"]));
    await server.stop();
    server.follows(false);
    await server.start();
    await ledger.probe().catch(() => undefined);
    await claimed(ledger, claimCommand({ requestId: "leads", quantity: "87" }));
  });

  test("that was away when the ledger was opened is found by the first call that finds it", async () => {
    await server.stop();
    const ledger = open(url());
    expect((await latchError(() => ledger.probe())).code).toBe("store_unreachable");
    await server.start();
    await expect(ledger.probe()).resolves.toBeUndefined();
  });

  test("that is away when a sidecar starts is waited for, and no order is sent meanwhile", async () => {
    await server.stop();
    const { sidecar, reason, clock, broker, send } = await startedWhileAway(url());
    expect(reason).toContain("ECONNREFUSED");
    const refused = await send();
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ tradelatch: { error: "store_unreachable" } });
    await server.start();
    clock.advanceTo(START + 1_000);
    await sidecar.started;
    expect((await send()).headers.get("tradelatch-status")).toBe("PROCEED");
    expect(broker.orders()).toHaveLength(1);
  });

  test("that crashes has every claim that was acknowledged, and the whole chain", async () => {
    const ledger = open(url());
    const asked = Array.from({ length: 40 }, (_, index) =>
      ledger.claim(claimCommand({ requestId: `crash-${index}`, quantity: String(index + 1) })),
    );
    await asked[20];
    await server.stop("SIGKILL");
    const answers = await Promise.allSettled(asked);
    await server.restart();
    for (const answer of answers) {
      if (answer.status !== "fulfilled" || answer.value.kind !== "proceed") continue;
      expect(await ledger.claimOf(answer.value.claim.key)).toEqual(answer.value.claim);
    }
    expect(answers.some(({ status }) => status === "fulfilled")).toBe(true);
  });

  test("that hangs is given up after five seconds, and used again when it goes on", async () => {
    const clock = new DrivenClock(START);
    const ledger = open(url(), clock);
    await ledger.probe();
    process.kill(server.pid, "SIGSTOP");
    const backends = await backendsOf(server.pid);
    for (const pid of backends) process.kill(pid, "SIGSTOP");
    const refused = latchError(() =>
      ledger.claim(claimCommand({ requestId: "hangs", quantity: "79" })),
    );
    await clock.untilSleeping();
    clock.advanceTo(START + 5_000);
    expect(await refused).toMatchObject({ code: "store_unreachable" });
    for (const pid of [...backends, server.pid]) process.kill(pid, "SIGCONT");
    await claimed(ledger, claimCommand({ requestId: "goes on", quantity: "78" }));
  });
});

test("a server whose connections are all taken is waited for by a sidecar that starts", async () => {
  const taken = 4;
  const settings = { max_connections: `${taken}`, superuser_reserved_connections: "0" };
  const server = await newServer({ settings: { ...settings, max_wal_senders: "0" } });
  onTestFinished(() => server.destroy());
  await server.start();
  const others = Array.from({ length: taken }, () =>
    postgres(server.urlOf("postgres"), { max: 1 }),
  );
  await Promise.all(others.map((other) => other.unsafe("SELECT 1")));
  const { sidecar, reason, clock, send } = await startedWhileAway(server.urlOf("postgres"));
  expect(reason).toContain("too many clients");
  expect((await send()).status).toBe(409);
  await Promise.all(others.map((other) => other.end()));
  clock.advanceTo(START + 1_000);
  await sidecar.started;
  expect((await send()).headers.get("tradelatch-status")).toBe("PROCEED");
});

test("a server that does not sync what it commits is refused", async () => {
  const server = await newServer({ settings: { fsync: "off" } });
  onTestFinished(() => server.destroy());
  await server.start();
  const { code, message } = await latchError(() => open(server.urlOf("postgres")).probe());
  expect(code).toBe("store_unsafe");
  expect(message).toContain("fsync = off");
});

describe("a database", () => {
  test("that ten openings meet for the first time gets its schema once", async () => {
    const url = await databaseOfTest();
    const ledgers = Array.from({ length: 10 }, () => open(url));
    await Promise.all(ledgers.map((ledger) => ledger.probe()));
    await claimed(ledgers[3] as Ledger, claimCommand());
    expect(await (ledgers[7] as Ledger).countByStatus(ACCOUNT)).toEqual({ OPEN: 1 });
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  test("of a newer program is refused and left as it is", async () => {
    const url = await databaseOfTest();
    await open(url).probe();
    await onServer(url, "INSERT INTO tradelatch.migrations (version) VALUES (99)");
    const { code, message } = await latchError(() => open(url).claim(claimCommand()));
    expect(code).toBe("store_newer");
    expect(message).toContain("schema version 99");
  });

  test("takes no change of an event, no deletion, and none out of its order", async () => {
    const url = await databaseOfTest();
    await claimed(open(url), claimCommand());
    for (const command of [
      "UPDATE tradelatch.events SET at = 0",
      "DELETE FROM tradelatch.events",
      "TRUNCATE tradelatch.events",
      `INSERT INTO tradelatch.events
         SELECT sequence + 2, at, subject, account, agent, request_id, symbol, body,
           previous_hash, hash FROM tradelatch.events`,
      `INSERT INTO tradelatch.events
         SELECT sequence + step, at, subject, account, agent, request_id, symbol, body,
           previous_hash, hash FROM tradelatch.events, (VALUES (1), (3)) AS steps (step)`,
    ]) {
      await expect(onServer(url, command)).rejects.toThrow("events are append-only");
    }
  });

  test("that does not exist is named, and the password is not", async () => {
    const url = new URL(await databaseOfTest());
    url.pathname = "/nowhere";
    url.password = "pa55word";
    const { code, message } = await latchError(() => open(url.href).probe());
    expect(code).toBe("store_refused");
    expect(message).toContain("/nowhere");
    expect(message).not.toContain("pa55word");
  });

  test.each([
    ["schema=public", 'unrecognized configuration parameter "schema"'],
    ["ssl=true", 'parameter "ssl" cannot be changed now'],
  ])("that is asked for with %s, which is no setting of it, says so", async (word, part) => {
    const { code, message } = await latchError(async () =>
      open(`${await databaseOfTest()}?${word}`).probe(),
    );
    expect(code).toBe("store_refused");
    expect(message).toContain(part);
  });

  test.each([
    ["postgres://", "expected postgres://USER:PASSWORD@HOST:PORT/DATABASE"],
    ["postgres://db/latch?sslmode=sometimes", "sslmode is sometimes"],
    ["postgres://latch:50%off@db/latch", "a % in a user, password or database is written %25"],
  ])("is refused as %s", async (url, part) => {
    const { code, message } = await latchError(() => open(url));
    expect(code).toBe("invalid_option");
    expect(message).toContain(part);
  });
});

/** The server's processes for its connections, which do the work. */
async function backendsOf(pid: number): Promise<readonly number[]> {
  const { readFile } = await import("node:fs/promises");
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return children.trim().split(" ").map(Number);
}
