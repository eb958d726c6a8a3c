/** Hostile messages to the tools' own HTTP endpoint: JSON-RPC, and what is none. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { listenForTools } from "../../src/mcp/http-endpoint.ts";
import { Access } from "../../src/sidecar/access.ts";
import { KEY_ID, openToolWorld, SECRET } from "../mcp/tool-world.ts";
import { Exchange } from "./exchange.ts";
import { brokenJson, oddJson, oddName, spelledOut } from "./hostile-text.ts";
import { openSockets, socketsLeft } from "./left-behind.ts";
import { readAnswers } from "./wire-answers.ts";

const MESSAGES = Math.ceil(Number(process.env.FUZZ_REQUESTS ?? 3_000) / 20);
const TIME_LIMIT_MS = 300_000 + MESSAGES * 200;
const STATUSES = [200, 202, 400, 403, 404, 405, 406, 408, 411, 413, 415, 417, 431];
const ORDER = { request_id: "r-1", symbol: "TQQQ", side: "buy", quantity: 2 };
const ACTION = { request_id: "a-1", action: "mail.send" };
const TOOLS = [
  ...["claim", "settle", "get_claim", "audit", "place_order", "close_position"],
  ...["positions", "incidents", "entry_check", "__proto__"],
];

const json = (value: unknown) => JSON.stringify(value);
const input = fc.oneof(
  fc.constantFrom(json({}), json(ORDER), json(ACTION), json({ ...ACTION, result: 1 })),
  oddJson,
  fc.tuple(oddName, oddJson).map(([name, value]) => `{${json(name)}:${value}}`),
  fc
    .tuple(fc.constantFrom(...Object.keys({ ...ORDER, ...ACTION })), oddJson)
    .map(
      ([name, value]) => `${json({ ...ORDER, ...ACTION }).slice(0, -1)},${json(name)}:${value}}`,
    ),
);
const called = fc
  .tuple(fc.constantFrom(...TOOLS), input)
  .map(
    ([name, given]) => `"method":"tools/call","params":{"name":${json(name)},"arguments":${given}}`,
  );
const otherwise = fc
  .tuple(
    fc.constantFrom("tools/list", "initialize", "ping", "notifications/initialized", ""),
    oddJson,
  )
  .map(([method, params]) => `"method":${json(method)},"params":${params}`);
const message = fc
  .tuple(fc.oneof({ arbitrary: called, weight: 3 }, otherwise), oddJson, fc.boolean())
  .map(([what, id, isPlain]) => `{"jsonrpc":"2.0","id":${isPlain ? 1 : id},${what}}`);
const body = fc.oneof(
  { arbitrary: message, weight: 8 },
  fc.array(message, { maxLength: 3 }).map((messages) => `[${messages.join()}]`),
  brokenJson,
  oddJson,
);
const line = fc.constantFrom(
  ...["Content-Type: text/plain", "Accept: text/html", "Mcp-Session-Id: x", "Last-Event-ID: -1"],
  ...["Mcp-Protocol-Version: 1", "Content-Encoding: gzip", "Expect: x", "X-Long: <LONG:20000>"],
);
interface HostileCall {
  readonly method: string;
  readonly target: string;
  readonly lines: readonly string[];
  readonly body: string;
}

const call = fc.record<HostileCall>({
  body: body.map(spelledOut),
  lines: fc.oneof({ arbitrary: fc.constant([]), weight: 4 }, fc.array(line, { maxLength: 2 })),
  method: fc.oneof({ arbitrary: fc.constant("POST"), weight: 20 }, fc.constantFrom("GET", "FOO")),
  target: fc.oneof(
    { arbitrary: fc.constant("/mcp"), weight: 20 },
    fc.constantFrom("/mcp/", "//mcp", "/mcp?x=%", "/%6dcp", "*", "http://evil.example/mcp"),
  ),
});

test(
  "a hostile message to the tools is answered, breaks nothing, and leaves no secret",
  async () => {
    const before = openSockets();
    const world = await openToolWorld();
    const program = world.program({ waitMs: 500 });
    const failures: unknown[] = [];
    const endpoint = await listenForTools({
      access: new Access({
        ...{ bindHost: "127.0.0.1", agents: [] },
        brokerKey: { id: KEY_ID, secret: SECRET, group: "default" as AgentId },
      }),
      ...{ host: "127.0.0.1", port: 0, portsFor: (agent) => program.portsFor(agent) },
      onFailure: (error) => failures.push(error),
    });
    const send = async (given: HostileCall) => {
      const lines = [
        ...[`${given.method} ${given.target} HTTP/1.1`, `Host: 127.0.0.1:${endpoint.port}`],
        ...[`Authorization: Bearer ${SECRET}`, "Connection: close"],
        ...["Content-Type: application/json", "Accept: application/json, text/event-stream"],
        ...[...given.lines.map(spelledOut), `Content-Length: ${Buffer.byteLength(given.body)}`],
      ];
      const bytes = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${given.body}`);
      return new Exchange(endpoint.port, bytes, false).over;
    };
    const holds = fc.asyncProperty(call, async (given) => {
      const bytes = await send(given);
      const [answer] = readAnswers(bytes, [false]).answers;
      expect(STATUSES).toContain(answer?.status);
      expect(bytes.toString()).not.toContain(SECRET);
      expect(failures).toEqual([]);
    });
    await fc.assert(holds, { numRuns: MESSAGES });
    await endpoint.close();
    await world.close();
    expect(world.log.join("")).not.toContain(SECRET);
    expect(world.log.filter((text) => JSON.parse(text).level >= 50)).toEqual([]);
    const ids = world.simulator.orders().map((order) => order.client_order_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toEqual([]);
    expect(await socketsLeft(before)).toBeLessThanOrEqual(before);
  },
  TIME_LIMIT_MS,
);
