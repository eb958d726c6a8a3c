import { describe, expect, test } from "vitest";
import { LatchError } from "../../src/core/errors.ts";
import { AGENT_SECRET, BOT, openBroker, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

describe("pages of the sidecar's own", () => {
  async function open() {
    const upstream = await openUpstream((_request, response) => response.end("upstream"));
    const bench = await openSidecar(upstream.url, {
      own: (app, { agentOf }) => {
        app.get("/healthz", async (request) => ({ agent: agentOf(request.raw)?.id ?? null }));
        app.get("/latch/v1/claims/:id", async (request) => ({
          agent: agentOf(request.raw)?.id,
          params: request.params,
          query: request.query,
        }));
        app.post("/latch/v1/orders", async (request) => ({ got: request.body }));
        app.get("/unready", async () => {
          throw new LatchError("broker_unavailable", "the broker is away");
        });
        app.get("/broken", async () => {
          throw new Error("a detail that is nobody's business");
        });
      },
    });
    return { ...bench, upstream };
  }

  test("are reached by their path, normalized, with the agent who asks", async () => {
    const { port, upstream } = await open();
    const answer = await exchange(port, "GET", "//latch/v1/./%63laims/abc%20d/?a=%2F", BOT);
    expect(jsonOf(answer)).toEqual({ agent: "bot-1", params: { id: "abc d" }, query: { a: "/" } });
    const lines = [...BOT, "Content-Type: application/json"];
    expect(jsonOf(await exchange(port, "POST", "/latch/v1/orders", lines, '{"a":1}'))).toEqual({
      got: { a: 1 },
    });
    expect(upstream.requests).toEqual([]);
  });

  test("need a key, but for the one that says the process lives", async () => {
    const { port } = await open();
    expect(jsonOf(await exchange(port, "GET", "/healthz"))).toEqual({ agent: null });
    expect(jsonOf(await exchange(port, "GET", "//%68ealthz/"))).toEqual({ agent: null });
    expect((await exchange(port, "GET", "/latch/v1/claims/x")).status).toBe(401);
    expect((await exchange(port, "GET", "/healthz/../latch/v1/claims/x")).status).toBe(401);
    expect((await exchange(port, "GET", "/nothing")).status).toBe(401);
  });

  test("that are not there are told so in Alpaca's shape, and nobody upstream is asked", async () => {
    const { port, upstream } = await open();
    for (const method of ["GET", "POST", "DELETE", "PROPFIND"]) {
      const answer = await exchange(port, method, "/nothing", BOT, "{}");
      expect([answer.status, jsonOf(answer).code]).toEqual([404, 40490001]);
    }
    expect(upstream.requests).toEqual([]);
  });

  test("that fail tell what they may", async () => {
    const { port, log } = await open();
    const unready = await exchange(port, "GET", "/unready", BOT);
    expect(unready.status).toBe(503);
    expect(jsonOf(unready)).toMatchObject({
      code: 50390001,
      message: "the broker is away",
      tradelatch: { error: "broker_unavailable" },
    });
    const broken = await exchange(port, "GET", "/broken", BOT);
    expect(broken.status).toBe(500);
    expect(broken.body.toString()).not.toContain("nobody's business");
    expect(log.join()).toContain("nobody's business");
    const lines = [...BOT, "Content-Type: application/json"];
    const unreadable = await exchange(port, "POST", "/latch/v1/orders", lines, "{");
    expect(unreadable.status).toBe(400);
    expect(jsonOf(unreadable).tradelatch.error).toBe("request_malformed");
  });

  test("do not include the stream yet", async () => {
    const { port } = await open();
    for (const target of ["/stream", "/stream/"]) {
      const lines = [...BOT, "Connection: Upgrade", "Upgrade: websocket"];
      const answer = await exchange(port, "GET", target, lines);
      expect([answer.status, jsonOf(answer).tradelatch.error]).toEqual([501, "stream_unavailable"]);
    }
  });
});

describe("listening", () => {
  test("on a port that is taken is an error that says what to do", async () => {
    const broker = await openBroker();
    await expect(openSidecar(broker.url, { port: broker.port })).rejects.toMatchObject({
      code: "port_unavailable",
      message: `cannot listen on 127.0.0.1 port ${broker.port}`,
    });
  });
});

test("a request that fails at the door is cut off and logged without a secret, and the next is served", async () => {
  const upstream = await openUpstream((_request, response) => response.end("upstream"));
  let failures = 1;
  const { port, log } = await openSidecar(upstream.url, {
    onForward: () => {
      if (failures-- > 0) throw new Error(`a fault of ours with ${AGENT_SECRET}`);
    },
  });
  await expect(exchange(port, "GET", "/v2/account", BOT)).rejects.toThrow("no answer");
  const line = log.find((one) => one.includes("a request failed"));
  expect(line).toContain("a fault of ours with [redacted]");
  expect((await exchange(port, "GET", "/v2/account", BOT)).status).toBe(200);
});
