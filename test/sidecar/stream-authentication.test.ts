import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { KEY, LISTEN, LISTENING, openSimulatedRelay, untilTrue } from "./stream-bench.ts";
import { exchange, jsonOf } from "./wire-client.ts";

const answer = (status: string, action = "authenticate") => ({
  ...{ stream: "authorization", data: { action, status } },
});

describe("a client of the relay", () => {
  test.each([
    ["the present frame", "/stream", { action: "authenticate", data: KEY }],
    ["the present frame", "/stream/", { action: "authenticate", data: KEY }],
    ["the older frame", "/stream", { action: "auth", key: KEY.key_id, secret: KEY.secret_key }],
  ])("is authorized by %s at %s", async (_name, path, frame) => {
    const { connect } = await openSimulatedRelay();
    const client = await connect(path);
    client.send(frame);
    expect(await client.next()).toEqual(answer("authorized"));
    client.send(LISTEN);
    expect(await client.next()).toEqual(LISTENING);
  });

  test("is authorized by its headers, and may still show its key in a frame", async () => {
    const { connect } = await openSimulatedRelay();
    const headers = { "APCA-API-KEY-ID": KEY.key_id, "APCA-API-SECRET-KEY": KEY.secret_key };
    const client = await connect("/stream", headers);
    client.send(LISTEN);
    expect(await client.next()).toEqual(LISTENING);
    client.send({ action: "authenticate", data: KEY });
    expect(await client.next()).toEqual(answer("authorized"));
  });

  test.each([
    { action: "authenticate", data: { ...KEY, secret_key: "wrong" } },
    { action: "authenticate", data: { key_id: "key", secret_key: "secret" } },
    { action: "auth", key: KEY.key_id, secret: "wrong" },
    { action: "authenticate", data: {} },
    { action: "authenticate" },
    { action: "authenticate", data: { key_id: 1, secret_key: [] } },
    { action: "authenticate", data: { oauth_token: "wrong" } },
  ])("with bad credentials gets its answer and is closed: %j", async (frame) => {
    const { connect, service } = await openSimulatedRelay();
    const client = await connect();
    client.send(frame);
    expect(await client.next()).toEqual(answer("unauthorized"));
    await client.untilClosed();
    await untilTrue(() => service.health().strangers === 0);
  });

  test("cannot listen before it is authorized", async () => {
    const { connect } = await openSimulatedRelay();
    const client = await connect();
    client.send(LISTEN);
    expect(await client.next()).toEqual(answer("unauthorized", "listen"));
    client.send("nonsense");
    expect(await client.next()).toMatchObject({
      stream: "error",
      data: { error: "invalid frame" },
    });
  });

  test("that shows no key in time is cut", async () => {
    const { connect, clock } = await openSimulatedRelay();
    const client = await connect();
    clock.pass(10_000);
    await client.untilClosed();
  });

  test("that sends a frame beyond the bound is cut", async () => {
    const { connect } = await openSimulatedRelay();
    const client = await connect();
    client.send({ action: "authenticate", data: KEY, more: "x".repeat(16 * 1_024) });
    await client.untilClosed();
  });
});

describe("an upgrade is refused", () => {
  test.each([
    ["of another path", 404, "/", {}],
    ["of a path below", 404, "/stream/more", {}],
    ["of a path that only looks alike", 404, "//stream", {}],
    ["of a foreign page", 403, "/stream", { Origin: "https://example.org" }],
    ["with a bad key in its headers", 401, "/stream", { Authorization: "Bearer wrong" }],
  ])("%s: %i", async (_name, status, path, headers) => {
    const { url } = await openSimulatedRelay();
    const socket = new WebSocket(url.replace("http", "ws") + path, { headers });
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    expect(response.statusCode).toBe(status);
    const chunks: Buffer[] = await response.toArray();
    expect(JSON.parse(String(Buffer.concat(chunks)))).toMatchObject({
      message: expect.any(String),
      tradelatch: { hint: expect.any(String) },
    });
    socket.terminate();
  });

  test.each([
    ["with a key that is none", "websocket", "x", "13", "GET"],
    ["of another version", "websocket", "dGhlIHNhbXBsZSBub25jZQ==", "7", "GET"],
    ["by another method", "websocket", "dGhlIHNhbXBsZSBub25jZQ==", "13", "POST"],
    ["to another version of HTTP", "h2c", "", "", "GET"],
  ])("%s: 400, and says so", async (_name, upgrade, key, version, method) => {
    const { url } = await openSimulatedRelay();
    const answer = await exchange(Number(new URL(url).port), method, "/stream", [
      ...["Connection: Upgrade", `Upgrade: ${upgrade}`],
      ...[`Sec-WebSocket-Key: ${key}`, `Sec-WebSocket-Version: ${version}`],
    ]);
    expect(answer.status).toBe(400);
    expect(jsonOf(answer).tradelatch.error).toBe("upgrade_refused");
  });

  test("when there are too many listeners: 503, and by frame the connection is closed", async () => {
    const { connect, listener, url, service } = await openSimulatedRelay({
      limits: { listeners: 2 },
    });
    const [first, late] = [await listener(), await connect()];
    await listener();
    const socket = new WebSocket(`${url.replace("http", "ws")}/stream`);
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    expect(response.statusCode).toBe(503);
    socket.terminate();
    late.send({ action: "authenticate", data: KEY });
    await late.untilClosed();
    first.close();
    await untilTrue(() => service.health().listeners === 1);
    expect((await listener()).closed).toBe(false);
  });
});

describe("a storm of bad credentials", () => {
  test("is bounded by cutting the oldest of those without a good key", async () => {
    const { connect, service } = await openSimulatedRelay({ limits: { strangers: 2 } });
    const [first, second] = [await connect(), await connect()];
    const third = await connect();
    await first.untilClosed();
    expect([second.closed, third.closed]).toEqual([false, false]);
    expect(service.health().strangers).toBe(2);
  });

  test("stays bounded, and lets a good client in", async () => {
    const { raw, service, listener, connect } = await openSimulatedRelay();
    let most = 0;
    const measure = () => {
      most = Math.max(most, service.health().strangers);
    };
    const frame = maskedFrame({ action: "auth", key: "bad", secret: "bad" });
    const storm = Array.from({ length: 500 }, async (_, index) => {
      // Every second one never closes its end, as some clients do not.
      if (index % 2 === 0) {
        const client = await connect().catch(() => undefined);
        client?.send({ action: "auth", key: "bad", secret: "bad" });
        measure();
        await client?.untilClosed();
        return;
      }
      const socket = await raw();
      socket.write(handshake());
      await Promise.race([once(socket, "data"), once(socket, "close")]);
      measure();
      socket.write(frame);
    });
    await Promise.all(storm);
    measure();
    expect(most).toBeLessThanOrEqual(32);
    expect(most).toBeGreaterThan(1);
    expect((await listener()).closed).toBe(false);
    expect(service.health().listeners).toBe(1);
  });
});

function handshake(): string {
  const head = ["GET /stream HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade"];
  const key = ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
  return `${[...head, ...key].join("\r\n")}\r\n\r\n`;
}

/** A client's text frame of up to 125 bytes; a mask of zeros leaves it as it is. */
function maskedFrame(frame: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(frame));
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
}
