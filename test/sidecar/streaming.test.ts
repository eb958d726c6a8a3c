import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { BOT, gate, openSidecar, openUpstream } from "./sidecar-bench.ts";
import { exchange, jsonOf, WireConnection } from "./wire-client.ts";

function request(method: string, target: string, ...lines: string[]): string {
  return `${[`${method} ${target} HTTP/1.1`, "Host: 127.0.0.1:PORT", ...BOT, ...lines].join("\r\n")}\r\n\r\n`;
}

function open(port: number, text: string): WireConnection {
  const connection = new WireConnection(port);
  connection.write(text.replace("PORT", String(port)));
  return connection;
}

/** An upstream that holds its answers open until the test goes on with them. */
async function openSlowUpstream() {
  const arrived = gate<ServerResponse>();
  const upstream = await openUpstream((_request, response) => arrived.open(response));
  return { upstream, arrived: arrived.passed };
}

describe("an answer that comes in pieces", () => {
  test("reaches the bot piece by piece: headers first, then each event as it happens", async () => {
    const { upstream, arrived } = await openSlowUpstream();
    const { port } = await openSidecar(upstream.url);
    const bot = open(port, request("GET", "/v2/events/trades"));
    const response = await arrived;
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.flushHeaders();
    expect(await bot.until("\r\n\r\n")).toContain("text/event-stream");
    response.write("data: one\n\n");
    expect(await bot.until("data: one\n\n")).not.toContain("two");
    response.write("data: two\n\n");
    await bot.until("data: two\n\n");
    response.end();
    await bot.until("\r\n0\r\n\r\n");
    bot.destroy();
  });

  test("is cut off for the bot when the broker breaks off, so that it never looks whole", async () => {
    const { upstream, arrived } = await openSlowUpstream();
    const { port } = await openSidecar(upstream.url);
    const bot = open(port, request("GET", "/v2/orders"));
    const response = await arrived;
    response.write("[{},");
    await bot.until("[{},");
    response.destroy();
    expect(await bot.untilClosed()).not.toContain("\r\n0\r\n\r\n");
  });

  test("is cut off for the broker when the bot goes away", async () => {
    const { upstream, arrived } = await openSlowUpstream();
    const { port } = await openSidecar(upstream.url);
    const bot = open(port, request("GET", "/v2/events/trades"));
    const response = await arrived;
    const cut = once(response, "close");
    response.write("data: one\n\n");
    await bot.until("data: one");
    bot.destroy();
    await cut;
  });

  test("is given up at the broker when the bot goes away before it began", async () => {
    const { upstream, arrived } = await openSlowUpstream();
    const { port } = await openSidecar(upstream.url);
    const bot = open(port, request("GET", "/v2/account"));
    const response = await arrived;
    const cut = once(response, "close");
    bot.destroy();
    await cut;
  });

  test("sets the pace: a bot that does not read stops the broker's answer, not our memory", async () => {
    const blocked = gate<number>();
    const upstream = await openUpstream((_request, response) => {
      let sent = 0;
      const chunk = Buffer.alloc(1_024 * 1_024, "x");
      const more = () => {
        while (sent < 512) {
          sent += 1;
          if (!response.write(chunk)) {
            // No drain within many turns of the event loop: the other side has stopped reading.
            let turns = 0;
            const watch = () => {
              turns += 1;
              if (!response.writableNeedDrain) return;
              if (turns === 2_000) blocked.open(sent);
              else setImmediate(watch);
            };
            setImmediate(watch);
            return;
          }
        }
      };
      response.on("drain", more);
      more();
    });
    const { port } = await openSidecar(upstream.url);
    const { connect } = await import("node:net");
    const socket = connect(port, "127.0.0.1");
    socket.pause();
    socket.write(request("GET", "/v2/orders").replace("PORT", String(port)));
    expect(await blocked.passed).toBeLessThan(64);
    socket.destroy();
  });
});

describe("a body on its way to the broker", () => {
  test("arrives piece by piece, before the bot has sent it all", async () => {
    const first = gate<string>();
    const upstream = await openUpstream(async (incoming, response) => {
      const chunks: string[] = [];
      for await (const chunk of incoming) {
        chunks.push(String(chunk));
        first.open(String(chunk));
      }
      response.end(JSON.stringify({ chunks, headers: incoming.headers }));
    });
    const { port } = await openSidecar(upstream.url);
    const lines = ["Transfer-Encoding: chunked", "Connection: close"];
    const bot = open(port, request("POST", "/v2/watchlists", ...lines));
    bot.write("5\r\nfirst\r\n");
    expect(await first.passed).toBe("first");
    bot.write("6\r\nsecond\r\n0\r\n\r\n");
    expect(await bot.untilClosed()).toContain('"chunks":["first","second"]');
  });

  test("is the same bytes with the same length", async () => {
    const upstream = await openUpstream(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks).toString("latin1");
      const length = incoming.headers["content-length"];
      response.end(JSON.stringify({ bytes, length, method: incoming.method, url: incoming.url }));
    });
    const { port } = await openSidecar(upstream.url);
    const body = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    const answer = await exchange(port, "PUT", "//v2/%77atchlists/x/?a=%2f&b", BOT, body);
    const echoed = { bytes: body, length: "256", method: "PUT", url: "/v2/watchlists/x?a=%2f&b" };
    expect(jsonOf(answer)).toEqual(echoed);
  });

  test("may be answered before it was read", async () => {
    const upstream = await openUpstream((_request, response) => {
      response.writeHead(403, { "Content-Type": "application/json" });
      response.end('{"message":"forbidden."}');
    });
    const { port } = await openSidecar(upstream.url);
    const answer = await exchange(port, "POST", "/v2/watchlists", BOT, "x".repeat(500_000));
    expect(answer.status).toBe(403);
    expect(jsonOf(answer)).toEqual({ message: "forbidden." });
  });

  test("that breaks off reaches the broker as one that broke off", async () => {
    const started = gate();
    const ended = gate<string>();
    const upstream = await openUpstream((incoming) => {
      incoming.on("data", () => started.open());
      incoming.on("end", () => ended.open("whole"));
      incoming.on("error", () => ended.open("cut"));
    });
    const { port } = await openSidecar(upstream.url);
    const bot = open(port, request("POST", "/v2/watchlists", "Transfer-Encoding: chunked"));
    bot.write("5\r\nfirst\r\n");
    await started.passed;
    bot.destroy();
    expect(await ended.passed).toBe("cut");
  });
});
