import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { unusedPort } from "../unused-port.ts";
import { atTheEnd, BOT, gate, openBroker, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const ORDER = "/v2/orders/904837e3-3b76-47ec-b432-046db621571b";

describe("with nobody at the broker's address", () => {
  test("a read gets an error of ours that says so", async () => {
    const { port } = await openSidecar(`http://127.0.0.1:${await unusedPort()}`);
    const answer = await exchange(port, "GET", "/v2/account", BOT);
    expect(answer.status).toBe(502);
    expect(jsonOf(answer)).toMatchObject({
      code: 50290001,
      message: expect.stringContaining("nothing was sent"),
      tradelatch: { error: "upstream_unreachable" },
    });
  });

  test("a cancel is told that nothing was sent, and reported as not sent", async () => {
    const bench = await openSidecar(`http://127.0.0.1:${await unusedPort()}`);
    const answer = await exchange(bench.port, "DELETE", ORDER, BOT);
    expect(answer.status).toBe(502);
    expect(jsonOf(answer)).toMatchObject({ tradelatch: { error: "upstream_unreachable" } });
    await bench.cancelReported;
    expect(bench.cancels).toMatchObject([{ outcome: { kind: "not_sent" } }]);
  });
});

describe("with a broker that takes a request and cuts the connection", () => {
  test("a read gets an error of ours, is sent once, and the next one works", async () => {
    const broker = await openBroker();
    broker.addFaults([{ match: { method: "GET", path: "/v2/clock" }, fault: { kind: "drop" } }]);
    const { port } = await openSidecar(broker.url);
    const answer = await exchange(port, "GET", "/v2/clock", BOT);
    expect(answer.status).toBe(502);
    expect(jsonOf(answer).tradelatch.error).toBe("upstream_unreachable");
    expect(broker.requests().length).toBe(1);
    expect((await exchange(port, "GET", "/v2/clock", BOT)).status).toBe(200);
  });

  test("a cancel is told that its outcome is unknown and that it may be repeated", async () => {
    const broker = await openBroker();
    broker.addFaults([{ match: { method: "DELETE" }, fault: { kind: "accept_then_drop" } }]);
    const bench = await openSidecar(broker.url);
    const answer = await exchange(bench.port, "DELETE", ORDER, BOT);
    expect(answer.status).toBe(502);
    expect(jsonOf(answer)).toMatchObject({
      code: 50290002,
      message: expect.stringContaining("outcome of this write is unknown"),
      tradelatch: { hint: expect.stringContaining("can be repeated") },
    });
    expect(broker.requests().length).toBe(1);
    await bench.cancelReported;
    expect(bench.cancels).toMatchObject([{ outcome: { kind: "unknown" } }]);
  });
});

describe("with a broker that is silent", () => {
  test("a request is given up at its deadline", async () => {
    const upstream = await openUpstream(() => {});
    const { port } = await openSidecar(upstream.url, { passBounds: { headersTimeoutMs: 50 } });
    const answer = await exchange(port, "GET", "/v2/account", BOT);
    expect(answer.status).toBe(502);
    expect(jsonOf(answer).message).toContain("did not begin to answer in time");
  });

  test("an answer that has begun has no deadline", async () => {
    const upstream = await openUpstream((_request, response) => {
      response.write("begun ");
      // Longer than the HTTP client's timers are coarse, or nothing would be proved.
      setTimeout(() => response.end("done"), 2_500);
    });
    const { port } = await openSidecar(upstream.url, { passBounds: { headersTimeoutMs: 50 } });
    const answer = await exchange(port, "GET", "/v2/account", BOT);
    expect(answer.body.toString()).toBe("begun done");
  });

  test("what finds all sockets in use is refused at once and not sent", async () => {
    const arrived = gate();
    const upstream = await openUpstream(() => arrived.open());
    const { port } = await openSidecar(upstream.url, { passBounds: { sockets: 1 } });
    void exchange(port, "GET", "/v2/account", BOT).catch(() => {});
    await arrived.passed;
    const answer = await exchange(port, "GET", "/v2/clock", BOT);
    expect(answer.status).toBe(503);
    expect(jsonOf(answer).tradelatch.error).toBe("overloaded");
    expect(upstream.requests.length).toBe(1);
  });
});

describe("with a broker that does not speak HTTP", () => {
  for (const [what, text] of [
    ["garbage", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    [
      "a header no server may pass on",
      "HTTP/1.1 200 OK\r\nX: a\u0001b\r\nContent-Length: 0\r\n\r\n",
    ],
    [
      "an upgrade nobody asked for",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
  ] as const) {
    test(`a read gets an error of ours: ${what}`, async () => {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(text));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      atTheEnd(() => new Promise<unknown>((resolve) => server.close(resolve)));
      const { port } = server.address() as AddressInfo;
      const bench = await openSidecar(`http://127.0.0.1:${port}`);
      const answer = await exchange(bench.port, "GET", "/v2/account", BOT);
      expect(answer.status).toBe(502);
    });
  }
});
