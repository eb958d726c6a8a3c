/**
 * A request to upgrade that comes on a connection on which an order is still owed its answer: what
 * is written there would be taken for the order's.
 */
import { expect, test } from "vitest";
import { KEYS, ORDER, openOrderWorld } from "./orders-world.ts";
import { WireConnection } from "./wire-client.ts";

const BODY = JSON.stringify(ORDER);
const KEY_LINES = Object.entries(KEYS).map(([name, value]) => `${name}: ${value}`);
const WEBSOCKET = [
  ...["Upgrade: websocket", "Sec-WebSocket-Version: 13"],
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

test.each([
  ["is refused", "/v2/account", ["Upgrade: h2c"]],
  ["is for what is not served", "/nothing", WEBSOCKET],
  ["is for trade updates", "/stream", WEBSOCKET],
])(
  "an upgrade behind an order that %s answers nothing, and ends it there",
  async (_, path, own) => {
    const world = await openOrderWorld();
    const opened = await world.open();
    world.fault({ kind: "slow", delayMs: 2_000 });
    const { port } = opened.sidecar;
    const head = (first: string, ...lines: string[]) =>
      [first, `Host: 127.0.0.1:${port}`, ...KEY_LINES, ...lines, "", ""].join("\r\n");
    const connection = new WireConnection(port);
    const order = head("POST /v2/orders HTTP/1.1", `Content-Length: ${BODY.length}`) + BODY;
    connection.write(order + head(`GET ${path} HTTP/1.1`, "Connection: Upgrade", ...own));
    expect(await connection.untilClosed()).toBe("");
    await world.advance(5_000);
    const again = await world.send(opened, ORDER);
    expect(again.headers.get("tradelatch-status")).not.toBe("PROCEED");
    expect(world.posts()).toHaveLength(1);
  },
);
