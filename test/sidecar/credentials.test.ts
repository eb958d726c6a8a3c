import crypto from "node:crypto";
import { Agent as Connections, request as httpRequest } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  AGENT_SECRET,
  BOT,
  BROKER_ID,
  BROKER_SECRET,
  GROUP,
  openBroker,
  openSidecar,
  openUpstream,
} from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const STORM = 2_000;
/** What a storm of bad keys may leave on the heap after a collection. */
const STORM_HEAP_BYTES = 4 * 1_024 * 1_024;

function basic(id: string, secret: string): string {
  return `Authorization: Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
}

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe("a bot is admitted", () => {
  const KEYS = [
    ["an agent's pair in Alpaca's headers", BOT, GROUP],
    ["an agent's secret as a bearer token", [`Authorization: Bearer ${AGENT_SECRET}`], GROUP],
    ["an agent's pair in the basic scheme", [basic("bot-1", AGENT_SECRET)], GROUP],
    [
      "the broker's own pair on loopback",
      [`apca-api-key-id: ${BROKER_ID}`, `apca-api-secret-key: ${BROKER_SECRET}`],
      "default",
    ],
  ] as const;
  for (const [what, lines, group] of KEYS) {
    test(`with ${what}`, async () => {
      const broker = await openBroker();
      const bench = await openSidecar(broker.url);
      expect((await exchange(bench.port, "GET", "/v2/account", lines)).status).toBe(200);
      await exchange(bench.port, "POST", "/v2/orders", lines, "{}");
      expect(bench.guarded.map(({ agent }) => agent.group)).toEqual([group]);
    });
  }
});

describe("a bot is turned away in Alpaca's words, and the broker hears nothing", () => {
  const pair = (id: string, secret: string) => [
    `APCA-API-KEY-ID: ${id}`,
    `APCA-API-SECRET-KEY: ${secret}`,
  ];
  const BAD = [
    ["without a key", []],
    ["with a secret alone", [`APCA-API-SECRET-KEY: ${AGENT_SECRET}`]],
    ["with an id alone", ["APCA-API-KEY-ID: bot-1"]],
    ["with an unknown id", pair("bot-2", AGENT_SECRET)],
    ["with a wrong secret", pair("bot-1", `${AGENT_SECRET}x`)],
    ["with one agent's id and another's secret", pair("bot-1", BROKER_SECRET)],
    ["with empty headers", pair("", "")],
    ["with a key sent twice", [...BOT, ...BOT]],
    ["with a bearer token nobody has", ["Authorization: Bearer x"]],
    ["with an id as a bearer token", ["Authorization: Bearer bot-1"]],
    ["with a basic key that is none", ["Authorization: Basic ====", "Cookie: a=b"]],
    [
      "with a good token beside a bad pair",
      [...pair("a", "b"), `Authorization: Bearer ${AGENT_SECRET}`],
    ],
  ] as const;
  for (const [what, lines] of BAD) {
    test(what, async () => {
      const broker = await openBroker();
      const bench = await openSidecar(broker.url);
      for (const [method, target] of [
        ["GET", "/v2/account"],
        ["POST", "/v2/orders"],
        ["DELETE", "/v2/orders"],
        ["GET", "/readyz"],
        ["GET", "/v2/%2f"],
      ] as const) {
        const answer = await exchange(bench.port, method, target, lines);
        expect(answer.status).toBe(401);
        expect(jsonOf(answer).message).toBe("unauthorized.");
        expect(jsonOf(answer)).not.toHaveProperty("code");
      }
      expect(broker.requests()).toEqual([]);
      expect(bench.guarded).toEqual([]);
    });
  }

  test("with the same comparisons for an id that is unknown as for one that is known", async () => {
    const spy = vi.spyOn(crypto, "timingSafeEqual");
    syncBuiltinESMExports();
    const broker = await openBroker();
    const bench = await openSidecar(broker.url);
    const comparisons: number[] = [];
    for (const lines of [pair("nobody", "x"), pair("bot-1", "x"), pair("bot-1", AGENT_SECRET)]) {
      spy.mockClear();
      await exchange(bench.port, "GET", "/v2/account", lines);
      comparisons.push(spy.mock.calls.length);
      for (const [left, right] of spy.mock.calls) {
        expect([left.byteLength, right.byteLength]).toEqual([32, 32]);
      }
    }
    // Two known keys, each compared in id and secret.
    expect(comparisons).toEqual([4, 4, 4]);
  });
});

describe("the key that goes to the broker", () => {
  test("is the broker's, whatever the bot showed", async () => {
    const upstream = await openUpstream((_request, response) => response.end("{}"));
    const bench = await openSidecar(upstream.url);
    const lines = [
      `Authorization: Bearer ${AGENT_SECRET}`,
      "Cookie: session=1",
      "Proxy-Authorization: Basic eA==",
      "Connection: close, APCA-API-KEY-ID, X-Hop",
      "X-Hop: 1",
      "Upgrade: h2c",
      "TE: trailers",
      "User-Agent: alpaca-py/0.43",
    ];
    await exchange(bench.port, "GET", "/v2/account", lines);
    await exchange(bench.port, "DELETE", "/v2/orders", BOT);
    expect(upstream.requests[0]?.headers).toEqual({
      host: new URL(upstream.url).host,
      connection: "keep-alive",
      "user-agent": "alpaca-py/0.43",
      "apca-api-key-id": BROKER_ID,
      "apca-api-secret-key": BROKER_SECRET,
    });
    const [, second] = upstream.requests;
    expect(second?.headersDistinct["apca-api-key-id"]).toEqual([BROKER_ID]);
    expect(second?.headersDistinct["apca-api-secret-key"]).toEqual([BROKER_SECRET]);
    expect(JSON.stringify(upstream.requests.map(({ rawHeaders }) => rawHeaders))).not.toContain(
      AGENT_SECRET,
    );
  });

  test("is not given to the order handling, and neither is the bot's", async () => {
    const broker = await openBroker();
    const bench = await openSidecar(broker.url);
    await exchange(bench.port, "POST", "/v2/orders", [...BOT, "Idempotency-Key: k", "Cookie: c"]);
    expect(bench.guarded[0]?.headers).toMatchObject({ "idempotency-key": "k" });
    expect(JSON.stringify(bench.guarded)).not.toContain(AGENT_SECRET);
    expect(Object.keys(bench.guarded[0]?.headers ?? {})).not.toContain("cookie");
  });
});

describe("secrets", () => {
  test("are in no answer of ours and in no log line, wherever a client puts them", async () => {
    const bench = await openSidecar("http://127.0.0.1:9", {
      guarded: async () => {
        throw new Error(`the handler knew ${BROKER_SECRET}`);
      },
      own: (app) => {
        app.get("/fails", async () => {
          throw new Error(`the page knew ${BROKER_SECRET}`);
        });
      },
    });
    const answers: string[] = [];
    for (const secret of [BROKER_SECRET, AGENT_SECRET]) {
      for (const [method, target] of [
        ["GET", `/v2/${secret}?x=${secret}`],
        ["POST", `/v2/${secret}`],
        ["DELETE", `/v2/orders/${secret}`],
        ["POST", "/v2/orders"],
        ["PATCH", `/v2/orders/${secret}`],
        ["GET", `/${secret}/`],
        ["GET", "/fails"],
        ["GET", `/v2/%2f${secret}`],
        [`GET ${secret}`, "/v2/x"],
      ] as const) {
        const evil = [`X-Secret: ${secret}`, `Cookie: ${secret}`];
        for (const lines of [[...BOT, ...evil], evil]) {
          const answer = await exchange(bench.port, method, target, lines, secret);
          answers.push(`${JSON.stringify(answer.headers)}${answer.body.toString("latin1")}`);
        }
      }
    }
    expect(answers.length).toBe(36);
    const said = [...answers, ...bench.log].join("\n");
    expect(bench.log.join("")).toContain("a guarded call failed");
    expect(said).not.toContain(BROKER_SECRET);
    expect(said).not.toContain(AGENT_SECRET);
  });
});

describe("a storm of bad keys", () => {
  test("costs a bounded amount of memory and a bounded number of log lines", async () => {
    const broker = await openBroker();
    const bench = await openSidecar(broker.url);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const connections = new Connections({ keepAlive: false, maxSockets: 50 });
    const storm = async (count: number) => {
      await Promise.all(Array.from({ length: count }, (_, index) => attempt(index)));
    };
    const attempt = (index: number) =>
      new Promise<void>((resolve, reject) => {
        const headers = { "apca-api-key-id": `id-${index}`, "apca-api-secret-key": `s-${index}` };
        const options = {
          port: bench.port,
          path: `/v2/account?${index}`,
          agent: connections,
          headers,
        };
        const sent = httpRequest({ host: "127.0.0.1", ...options }, (response) => {
          response.resume().once("end", resolve);
        });
        sent.once("error", reject).end();
      });
    await storm(200);
    collect();
    const before = process.memoryUsage().heapUsed;
    await storm(STORM);
    collect();
    const growth = process.memoryUsage().heapUsed - before;
    expect(growth).toBeLessThan(STORM_HEAP_BYTES);
    expect(bench.log.length).toBe(1);
    expect(broker.requests()).toEqual([]);
  });
});
