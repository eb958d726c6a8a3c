import fc from "fast-check";
import { expect, test } from "vitest";
import { FuzzWorld } from "./fuzz-world.ts";
import { AGENTS, BROKER_KEY_ID } from "./hostile-request.ts";
import {
  BAD_SECRET,
  BROKER_SECRET,
  hasSecret,
  oddJson,
  oddText,
  spelledOut,
} from "./hostile-text.ts";
import { openSockets, socketsLeft } from "./left-behind.ts";
import { type Frame, frameBytes, hostileFrame, readFrames } from "./websocket-frames.ts";

const CLIENTS = Math.ceil(Number(process.env.FUZZ_REQUESTS ?? 3_000) / 20);
const TIME_LIMIT_MS = 300_000 + CLIENTS * 200;
const [{ id, secret }] = AGENTS;
const GOOD_HEADERS = `APCA-API-KEY-ID: ${id}\r\nAPCA-API-SECRET-KEY: ${secret}\r\n`;
const LISTEN = '{"action":"listen","data":{"streams":["trade_updates"]}}';
const SIGN_IN = JSON.stringify({
  ...{ action: "authenticate", data: { key_id: id, secret_key: secret } },
});

const said = fc.oneof(
  { arbitrary: fc.constant(SIGN_IN), weight: 3 },
  { arbitrary: fc.constant(LISTEN), weight: 4 },
  fc.constantFrom(
    '{"action":"listen","data":{"streams":[]}}',
    '{"action":"listen","data":{"streams":"trade_updates"}}',
    '{"action":"listen","data":{"streams":[["trade_updates"],null,{}]}}',
    '{"action":"listen"}',
    '{"action":"authenticate","data":{"key_id":1,"secret_key":[]}}',
    '{"action":"authenticate","data":{"key_id":{"toString":1},"secret_key":{"toString":1}}}',
    '{"action":"auth","key":"__proto__","secret":"constructor"}',
    '{"action":"__proto__"}',
    '{"__proto__":{"action":"listen","data":{"streams":["trade_updates"]}}}',
    `{"action":"authenticate","data":{"key_id":"nobody","secret_key":"${BAD_SECRET}"}}`,
  ),
  oddJson.map((json) => `{"action":"listen","data":${json}}`),
  oddJson.map((json) => `{"action":${json},"data":{"streams":["trade_updates"]}}`),
  oddJson,
  oddText,
);

interface HostileClient {
  readonly headers: string;
  readonly frames: readonly Frame[];
}

const hostileClient = fc.record<HostileClient>({
  headers: fc.constantFrom("", "", GOOD_HEADERS, "Sec-WebSocket-Protocol: a, a\r\n"),
  frames: fc.array(hostileFrame(said.map(spelledOut)), { minLength: 1, maxLength: 8 }),
});

function bytesOf({ headers, frames }: HostileClient, port: number): Buffer {
  const lines = [
    ...["GET /stream HTTP/1.1", `Host: 127.0.0.1:${port}`, "Connection: Upgrade"],
    ...["Upgrade: websocket", "Sec-WebSocket-Version: 13"],
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  const head = `${lines.join("\r\n")}\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), ...frames.map(frameBytes)]);
}

/** Whether the client has shown a good key at all. */
function isKnown({ headers, frames }: HostileClient): boolean {
  return headers.includes(secret) || frames.some(({ payload }) => payload.includes(secret));
}

/** Something happens at the broker that every listener is told of. */
async function trade(world: FuzzWorld): Promise<void> {
  const headers = { "APCA-API-KEY-ID": BROKER_KEY_ID, "APCA-API-SECRET-KEY": BROKER_SECRET };
  const order = { symbol: "SPY", side: "buy", qty: "1", type: "market", time_in_force: "day" };
  const body = JSON.stringify(order);
  await fetch(`${world.simulator.url}/v2/orders`, { method: "POST", headers, body });
}

function faultsOf(client: HostileClient, received: Buffer, log: readonly string[]) {
  const end = received.indexOf("\r\n\r\n");
  const { texts, faults } = readFrames(received.subarray(end + 4));
  const isUpgraded = received.toString("latin1").startsWith("HTTP/1.1 101 ");
  const told = isUpgraded ? texts : [];
  const streams = told.map((text) => (JSON.parse(text) as { readonly stream: string }).stream);
  const allowed = ["authorization", "listening", "error", "trade_updates"];
  return [
    ...(isUpgraded ? faults : []),
    ...streams.filter((stream) => !allowed.includes(stream)),
    ...(streams.includes("trade_updates") && !isKnown(client) ? ["a stranger was told"] : []),
    // A pong is what its client has sent, as the protocol wants it.
    ...[received.toString("latin1", 0, end), ...told, ...log].filter(hasSecret),
    ...log.filter((line) => JSON.parse(line).level >= 50),
  ];
}

test(
  "a listener may say what it likes: it is answered or cut, told nothing without a key, forgotten",
  async () => {
    const before = openSockets();
    const world = await FuzzWorld.open();
    const heard: string[] = [];
    await fc.assert(
      fc.asyncProperty(hostileClient, async (client) => {
        world.pass(1_000);
        await world.rest();
        world.logged();
        let traded: Promise<void> | undefined;
        let isOver = false;
        const bytes = bytesOf(client, world.sidecar.port);
        // First everything it says is heard, then something happens, then it goes.
        const received = await world.exchange(bytes, false, () => {
          if (isOver) return true;
          traded ??= trade(world).then(() => {
            isOver = true;
          });
          return false;
        });
        await traded;
        const [told] = /trade_updates","data":{"event/.exec(received.toString("latin1")) ?? [];
        if (told !== undefined) heard.push(told);
        expect(faultsOf(client, received, world.logged())).toEqual([]);
      }),
      { numRuns: CLIENTS },
    );
    // Otherwise nobody was told anything, and that no stranger was would say nothing.
    expect(heard).not.toEqual([]);
    expect(hasSecret((await world.close()).toString("latin1"))).toBe(false);
    expect(await socketsLeft(before)).toBeLessThanOrEqual(before);
  },
  TIME_LIMIT_MS,
);
