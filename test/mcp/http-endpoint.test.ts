import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServeSettings } from "../../src/config.ts";
import type { AgentId } from "../../src/core/ids.ts";
import { listenForTools } from "../../src/mcp/http-endpoint.ts";
import { Access } from "../../src/sidecar/access.ts";
import { call, KEY_ID, openToolWorld, SECRET } from "./tool-world.ts";

const OTHER_SECRET = "another-agents-secret";
const AGENTS = [{ id: "other", secret: OTHER_SECRET, group: "other" as AgentId }];
const BUY = { request_id: "decision-17", symbol: "TQQQ", side: "buy", quantity: 6 } as const;
const LIST = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
const INITIALIZE = {
  body: JSON.stringify({
    ...{ jsonrpc: "2.0", id: 0, method: "initialize" },
    params: {
      ...{ protocolVersion: "2025-06-18", capabilities: {} },
      clientInfo: { name: "a-test", version: "0" },
    },
  }),
};
const HEADERS = {
  authorization: `Bearer ${SECRET}`,
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answered {
  readonly status: number | undefined;
  readonly session: string;
  readonly body: string;
}

const REFUSED: readonly (readonly [string, Asked, number])[] = [
  ["another site's name", { headers: { host: "rebound.example" } }, 403],
  ["another port", { headers: { host: "127.0.0.1:1" } }, 403],
  ["a page of another origin", { headers: { origin: "https://page.example" } }, 403],
  ["a page of another site", { headers: { "sec-fetch-site": "cross-site" } }, 403],
  ["a wrong key", { headers: { authorization: "Bearer wrong" } }, 401],
  ["no key", { headers: { authorization: "" } }, 401],
  ["another path", { path: "/v2/orders" }, 404],
  ["GET", { method: "GET", body: "" }, 405],
  ["DELETE", { method: "DELETE", body: "" }, 405],
  ["a body that is no JSON", { body: "{" }, 400],
  ["a body that is too large", { body: `"${"x".repeat(1_100_000)}"` }, 413],
  ["another content type", { headers: { "content-type": "text/plain" } }, 415],
];

async function openEndpoint(settings: ServeSettings = {}) {
  const world = await openToolWorld();
  const program = world.program(settings);
  const brokerKey = { id: KEY_ID, secret: SECRET, group: "default" as AgentId };
  const failures: unknown[] = [];
  const endpoint = await listenForTools({
    access: new Access({ bindHost: "127.0.0.1", agents: AGENTS, brokerKey }),
    ...{ host: "127.0.0.1", port: 0, portsFor: (agent) => program.portsFor(agent) },
    onFailure: (error) => failures.push(error),
  });
  onTestFinished(() => endpoint.close());
  const url = `http://127.0.0.1:${endpoint.port}/mcp`;
  /** As bytes: the SDK's client could not ask for what is refused. */
  const ask = async ({ method = "POST", path = "/mcp", headers = {}, body = LIST }: Asked) => {
    const to = { host: "127.0.0.1", port: endpoint.port, method, path };
    const sent = httpRequest({ ...to, headers: { ...HEADERS, ...headers } });
    const answered = new Promise<Answered>((resolve, reject) => {
      sent.once("error", reject);
      sent.once("response", async (response) => {
        const { statusCode: status, headers } = response;
        resolve({ status, session: String(headers["mcp-session-id"]), body: await text(response) });
      });
    });
    sent.end(body);
    return answered;
  };
  return { world, program, endpoint, url, ask, failures };
}

describe("the tools over HTTP", () => {
  test("are one agent group's each: the same request_id of two is two orders", async () => {
    const { world, url, failures } = await openEndpoint();
    const [own, other] = [await world.httpClient(url), await world.httpClient(url, OTHER_SECRET)];
    const told = [
      await call(own, "place_order", BUY),
      await call(other, "place_order", BUY),
      await call(own, "place_order", BUY),
    ];
    expect(told.map(({ data }) => data.sent_by_this_call)).toEqual([true, true, false]);
    expect(world.posts()).toHaveLength(2);
    expect(failures).toEqual([]);
  });

  test("are one agent group's each: the same request_id of two is two actions", async () => {
    const { world, url } = await openEndpoint();
    const [own, other] = [await world.httpClient(url), await world.httpClient(url, OTHER_SECRET)];
    const request_id = "refund-88";
    const refund = { request_id, action: "refund.issue" };
    const told = [await call(own, "claim", refund), await call(other, "claim", refund)];
    expect(told.map(({ data }) => data.status)).toEqual(["PROCEED", "PROCEED"]);
    const { settlement_token } = told[1]?.data ?? {};
    const settled = await call(other, "settle", { request_id, settlement_token, result: "re_1" });
    expect(settled.data).toMatchObject({ status: "committed", result: "re_1" });
    const stands = [
      await call(own, "get_claim", { request_id }),
      await call(other, "get_claim", { request_id }),
    ];
    expect(stands.map(({ data }) => data.action)).toMatchObject([
      { group: "default", state: "OPEN", result: null },
      { group: "other", state: "SETTLED", result: "re_1" },
    ]);
  });

  test("refuse whoever should not get in and what is no message, and go on serving", async () => {
    const { world, ask, failures } = await openEndpoint();
    for (const [what, asked, status] of REFUSED) {
      expect((await ask(asked)).status, what).toBe(status);
    }
    expect(await ask({})).toMatchObject({ status: 200, body: expect.stringContaining("tools") });
    expect(world.posts()).toEqual([]);
    expect(failures).toEqual([]);
  });

  test("answer those who ask at once each with their own", async () => {
    const { world, url } = await openEndpoint();
    const clients = await Promise.all([1, 2, 3].map(() => world.httpClient(url)));
    const told = await Promise.all(
      clients.map((client, index) =>
        call(client, "place_order", { ...BUY, request_id: `d-${index}`, quantity: index + 1 }),
      ),
    );
    expect(told.map(({ data }) => data.order?.quantity)).toEqual(["1", "2", "3"]);
    expect(world.posts()).toHaveLength(3);
  });

  test("hear that a call is called off, of the client that made it and of no other", async () => {
    const { world, program, ask } = await openEndpoint();
    const { guard } = program.portsFor({ id: "test", group: "default" as AgentId }).guarded;
    const refund = { requestId: "refund-88", action: "refund.issue" };
    const owned = await guard.claim(refund);
    if (owned.kind !== "proceed") throw new Error(owned.kind);
    const [one, other] = [await ask(INITIALIZE), await ask(INITIALIZE)];
    expect(one.session).not.toBe(other.session);
    const input = { request_id: refund.requestId, action: refund.action, wait_ms: 20_000 };
    const params = { name: "claim", arguments: input };
    const claim = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "tools/call", params });
    const sayIn = (session: string, body: string) =>
      ask({ body, headers: { "mcp-session-id": session } });
    const called = [one, other].map(({ session }) => sayIn(session, claim));
    const isPending = (line: string) => line.includes('"answer":"pending"');
    await world.until(() => world.log.filter(isPending).length === 2);
    for (const [session, requestId] of [
      ["a-session-of-nobody", 7],
      [one.session, 6],
      [one.session, "7"],
      [one.session, 7],
    ] as const) {
      const method = "notifications/cancelled";
      const off = JSON.stringify({ jsonrpc: "2.0", method, params: { requestId } });
      expect(await sayIn(session, off)).toMatchObject({ status: 202 });
    }
    expect(await called[0]).toMatchObject({ status: 202, body: "" });
    await guard.settle({ requestId: refund.requestId, token: owned.token, result: "re_1" });
    expect(await called[1]).toMatchObject({ status: 200, body: expect.stringContaining("re_1") });
  });

  test("find the later one of two calls with one id, once the earlier one is over", async () => {
    const { world, program, ask } = await openEndpoint();
    const { guard } = program.portsFor({ id: "test", group: "default" as AgentId }).guarded;
    const tokens: string[] = [];
    for (const requestId of ["refund-1", "refund-2"]) {
      const owned = await guard.claim({ requestId, action: "refund.issue" });
      if (owned.kind !== "proceed") throw new Error(owned.kind);
      tokens.push(owned.token);
    }
    const { session } = await ask(INITIALIZE);
    const say = (message: object) =>
      ask({ body: JSON.stringify(message), headers: { "mcp-session-id": session } });
    const claim = (request_id: string) => {
      const input = { request_id, action: "refund.issue", wait_ms: 20_000 };
      const params = { name: "claim", arguments: input };
      return say({ jsonrpc: "2.0", id: 7, method: "tools/call", params });
    };
    const isPending = (line: string) => line.includes('"answer":"pending"');
    const earlier = claim("refund-1");
    await world.until(() => world.log.filter(isPending).length === 1);
    const later = claim("refund-2");
    await world.until(() => world.log.filter(isPending).length === 2);
    await guard.settle({ requestId: "refund-1", token: tokens[0] ?? "", result: "re_1" });
    expect(await earlier).toMatchObject({ status: 200, body: expect.stringContaining("re_1") });
    await say({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } });
    expect(await later).toMatchObject({ status: 202, body: "" });
  });

  test.each([
    ["hangs up", true],
    ["calls its call off", false],
  ])(
    "take a client that %s for one that was told nothing certain, and end without it",
    async (_, isGone) => {
      const { world, program, url, endpoint } = await openEndpoint({ waitMs: 9_000 });
      world.fault({ kind: "accept_then_hang" });
      const client = await world.httpClient(url);
      const hungUp = new AbortController();
      const { signal } = hungUp;
      const called = client.callTool({ name: "place_order", arguments: BUY }, undefined, {
        signal,
      });
      await world.until(() => world.simulator.orders().length === 1);
      hungUp.abort();
      if (isGone) await client.close();
      await expect(called).rejects.toThrow();
      await world.until(() => world.log.some((line) => line.includes("order answered")));
      await endpoint.close();
      const claim = await (await program.started).latch.claim(BUY.request_id);
      expect(claim).toMatchObject({ told: "pending" });
      expect(world.posts()).toHaveLength(1);
    },
  );
});
