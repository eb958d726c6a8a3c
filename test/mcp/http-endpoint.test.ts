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
    const answered = new Promise<{ status: number | undefined; body: string }>(
      (resolve, reject) => {
        sent.once("error", reject);
        sent.once("response", async (response) =>
          resolve({ status: response.statusCode, body: await text(response) }),
        );
      },
    );
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

  test("take a client that hangs up for one that was not told, and end without it", async () => {
    const { world, program, url, endpoint } = await openEndpoint({ waitMs: 9_000 });
    world.fault({ kind: "accept_then_hang" });
    const client = await world.httpClient(url);
    const hungUp = new AbortController();
    const { signal } = hungUp;
    const called = client.callTool({ name: "place_order", arguments: BUY }, undefined, { signal });
    await world.until(() => world.simulator.orders().length === 1);
    hungUp.abort();
    await client.close();
    await expect(called).rejects.toThrow();
    await endpoint.close();
    const claim = await (await program.started).latch.claim(BUY.request_id);
    expect(claim).toMatchObject({ told: null });
    expect(world.posts()).toHaveLength(1);
  });
});
