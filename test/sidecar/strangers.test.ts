import { describe, expect, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { Access, isLoopback } from "../../src/sidecar/access.ts";
import { BOT, openBroker, openSidecar } from "./sidecar-bench.ts";
import { exchange, jsonOf, parseAnswer, sendRaw } from "./wire-client.ts";

const GROUP = "g" as AgentId;
const AGENT = { id: "a", secret: "s", group: GROUP };

async function open(hosts: readonly string[] = []) {
  const broker = await openBroker();
  const bench = await openSidecar(broker.url, { hosts });
  const ask = async (lines: readonly string[], method = "POST", target = "/v2/orders") => {
    const filled = lines.map((line) => line.replaceAll("PORT", String(bench.port)));
    const answer = await exchange(bench.port, method, target, [...BOT, ...filled], "{}");
    return answer.status < 300 ? "admitted" : jsonOf(answer).tradelatch.error;
  };
  return { ask, broker, bench };
}

describe("a request for a host", () => {
  const OURS = ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"];
  const CONFIGURED = ["trader.internal", "trader.internal:8080", "Trader.Internal:PORT", "gate:99"];
  const OTHERS = [
    "evil.example:PORT",
    "evil.example",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost.:PORT",
    "localhost.evil.example:PORT",
    "evil.example/127.0.0.1:PORT",
    "x@127.0.0.1:PORT",
    "127.0.0.1:PORT:PORT",
    "127.0.0.2:PORT",
    "127.1:PORT",
    "0.0.0.0:PORT",
    "2130706433:PORT",
    "gate:98",
    "",
  ];
  for (const host of [...OURS, ...CONFIGURED]) {
    test(`of ours is taken: ${host}`, async () => {
      const { ask } = await open(["trader.internal", "gate:99"]);
      expect(await ask([`Host: ${host}`])).toBe("admitted");
    });
  }

  for (const host of OTHERS) {
    test(`of another name is refused, key or not: ${JSON.stringify(host)}`, async () => {
      const { ask, broker, bench } = await open(["trader.internal", "gate:99"]);
      expect(await ask([`Host: ${host}`])).toBe("host_refused");
      expect(await ask([`Host: ${host}`], "GET", "/v2/account")).toBe("host_refused");
      expect(await ask([`Host: ${host}`], "GET", "/healthz")).toBe("host_refused");
      expect(broker.requests()).toEqual([]);
      expect(bench.guarded).toEqual([]);
    });
  }

  test("is refused when it names two hosts, or none", async () => {
    const { bench } = await open();
    const twice = `Host: 127.0.0.1:${bench.port}\r\nHost: evil.example\r\n`;
    for (const [version, hosts] of [
      ["1.1", twice],
      ["1.1", ""],
      ["1.0", ""],
    ] as const) {
      const text = `GET /healthz HTTP/${version}\r\n${hosts}Connection: close\r\n\r\n`;
      const answer = parseAnswer(await sendRaw(bench.port, text), "GET");
      expect([answer.status, jsonOf(answer).tradelatch.error]).toEqual([403, "host_refused"]);
    }
  });
});

describe("a request that a browser makes for a page", () => {
  const FOREIGN = [
    "Origin: https://evil.example",
    "Origin: http://evil.example:PORT",
    "Origin: http://localhost:3000",
    "Origin: http://127.0.0.1",
    "Origin: https://127.0.0.1:1",
    "Origin: http://localhost:PORT",
    "Origin: null",
    "Origin: file://",
    "Origin: chrome-extension://abcdef",
    "Origin: http://127.0.0.1:PORT.evil.example",
    "Origin: http://127.0.0.1:PORT, http://evil.example",
    "Origin:",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
  ];
  for (const line of FOREIGN) {
    test(`of another origin is refused, key or not: ${line}`, async () => {
      const { ask, broker, bench } = await open();
      for (const [method, target] of [
        ["POST", "/v2/orders"],
        ["DELETE", "/v2/positions"],
        ["DELETE", "/v2/orders"],
        ["GET", "/v2/account"],
        ["OPTIONS", "/v2/orders"],
      ] as const) {
        expect(await ask([line], method, target)).toBe("origin_refused");
      }
      expect(broker.requests()).toEqual([]);
      expect(bench.guarded).toEqual([]);
    });
  }

  test("of ours is taken", async () => {
    const { ask } = await open();
    expect(await ask(["Origin: http://127.0.0.1:PORT", "Sec-Fetch-Site: same-origin"])).toBe(
      "admitted",
    );
    expect(await ask(["Sec-Fetch-Site: none"])).toBe("admitted");
  });

  test("of ours is taken under a configured name behind a TLS proxy", async () => {
    const { ask } = await open(["trader.internal"]);
    const host = "Host: trader.internal";
    expect(await ask([host, "Origin: https://trader.internal"])).toBe("admitted");
    expect(await ask([host, "Origin: https://trader.internal:3000"])).toBe("origin_refused");
  });

  test("gets no permission to read across origins", async () => {
    const { bench } = await open();
    const preflight = ["Origin: https://evil.example", "Access-Control-Request-Method: POST"];
    const answer = await exchange(bench.port, "OPTIONS", "/v2/orders", preflight);
    expect(answer.status).toBe(403);
    expect(answer.headers.map(([name]) => name.toLowerCase()).join()).not.toContain(
      "access-control",
    );
  });
});

describe("the rules of access themselves", () => {
  const REFUSED = [
    ["an address others can reach, without agents", { bindHost: "0.0.0.0", agents: [] }],
    ["a name others can reach, without agents", { bindHost: "trader.internal", agents: [] }],
    ["an empty secret", { bindHost: "127.0.0.1", agents: [{ ...AGENT, secret: "" }] }],
    ["an empty id", { bindHost: "127.0.0.1", agents: [{ ...AGENT, id: "" }] }],
    ["an agent with two keys", { bindHost: "::1", agents: [AGENT, { ...AGENT, secret: "t" }] }],
    ["two agents with one secret", { bindHost: "::1", agents: [AGENT, { ...AGENT, id: "b" }] }],
    ["a host that is none", { bindHost: "::1", agents: [], hosts: ["http://x/"] }],
  ] as const;
  for (const [what, options] of REFUSED) {
    test(`are refused with ${what}`, () => {
      expect(() => new Access(options)).toThrow(
        expect.objectContaining({ code: "invalid_option" }),
      );
    });
  }

  test("take the broker's own key on loopback only", () => {
    const brokerKey = { id: "broker", secret: "broker-secret", group: GROUP };
    const inside = new Access({ bindHost: "localhost", agents: [AGENT], brokerKey });
    const outside = new Access({ bindHost: "10.0.0.5", agents: [AGENT], brokerKey });
    const key = { id: "broker", secret: "broker-secret" };
    expect(inside.agentOf(key)).toEqual({ id: "broker", group: GROUP });
    expect(outside.agentOf(key)).toBeUndefined();
    expect(outside.agentOf({ id: "a", secret: "s" })).toEqual({ id: "a", group: GROUP });
  });

  test("take the address they are bound to as a host", () => {
    const access = new Access({ bindHost: "10.0.0.5", agents: [AGENT] });
    const caller = (host: string) => ({
      headers: { host },
      headersDistinct: { host: [host] },
      socket: { localPort: 4520 },
    });
    expect(access.refuseStranger(caller("10.0.0.5:4520"))).toBeUndefined();
    expect(access.refuseStranger(caller("10.0.0.6:4520"))).toBe("host_refused");
  });

  test("know loopback when they see it", () => {
    const yes = ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "::1", "[::1]"];
    const no = ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example"];
    expect(yes.map(isLoopback)).toEqual(yes.map(() => true));
    expect(no.map(isLoopback)).toEqual(no.map(() => false));
  });
});
