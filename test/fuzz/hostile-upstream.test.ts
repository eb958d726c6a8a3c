import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { closeAfterwards, KEY, LISTEN, openRelay, untilTrue } from "../sidecar/stream-bench.ts";
import { openStandIn } from "../sidecar/stream-stand-in.ts";
import { anyBreak, broken } from "./broken-answers.ts";
import { FuzzWorld } from "./fuzz-world.ts";
import { oddJson, oddText, spelledOut } from "./hostile-text.ts";

const FRAMES = Math.ceil(Number(process.env.FUZZ_REQUESTS ?? 3_000) / 15);
const TIME_LIMIT_MS = 300_000 + FRAMES * 200;

const update = (order: string, event = '"fill"', more = "") =>
  `{"stream":"trade_updates","data":{"event":${event},"order":${order}${more}}}`;

/** What the broker's stream could say. */
const frame = fc
  .oneof(
    { arbitrary: oddJson.map((order) => update(order)), weight: 2 },
    { arbitrary: oddJson.map((event) => update('{"id":"a","filled_qty":"0"}', event)), weight: 1 },
    fc
      .tuple(oddJson, oddJson)
      .map(([qty, price]) =>
        update('{"id":"a","filled_qty":"6"}', '"fill"', `,"qty":${qty},"price":${price}`),
      ),
    oddJson.map((filled) => update(`{"id":"b","filled_qty":${filled},"status":"filled"}`)),
    oddJson.map((time) => update('{"id":"c","filled_qty":"1"}', '"new"', `,"timestamp":${time}`)),
    oddJson.map((legs) => update(`{"id":"d","filled_qty":"1","legs":${legs}}`, '"new"')),
    oddJson.map((data) => `{"stream":"trade_updates","data":${data}}`),
    oddJson.map((data) => `{"stream":"listening","data":${data}}`),
    oddJson.map((data) => `{"stream":"authorization","data":${data}}`),
    oddJson.map((stream) => `{"stream":${stream},"data":{}}`),
    oddJson,
    oddText,
  )
  .map(spelledOut);

/** What a listener is told, once its listening was acknowledged. */
async function listenAt(url: string): Promise<string[]> {
  const told: string[] = [];
  const socket = new WebSocket(`${url.replace("http", "ws")}/stream`);
  socket.on("message", (data) => told.push(data.toString()));
  await once(socket, "open");
  for (const asked of [{ action: "authenticate", data: KEY }, LISTEN]) {
    socket.send(JSON.stringify(asked));
  }
  await untilTrue(() => told.length === 2);
  closeAfterwards(() => socket.terminate());
  told.splice(0);
  return told;
}

/** The pause before the next try to connect: the only one that is no whole number. */
function pauseOf({ asleep }: { readonly asleep: readonly number[] }): number | undefined {
  return asleep.find((durationMs) => !Number.isInteger(durationMs));
}

describe("whatever the broker's stream says", () => {
  test(
    "the relay goes on: it relays it as it came, leaves it alone, or connects again",
    async () => {
      const broker = await openStandIn();
      const relay = await openRelay({ brokerUrl: broker.url, catchUp: async () => [] });
      const told = await listenAt(relay.url);
      let rounds = 0;
      const holds = fc.asyncProperty(fc.array(frame, { maxLength: 4 }), async (frames) => {
        rounds += 1;
        const mark = `last-${rounds}`;
        for (const text of frames) broker.sendText(text);
        broker.send({ event: "new", order: { id: mark, filled_qty: "0" } });
        const isTold = () => told.some((text) => text.includes(mark));
        await untilTrue(() => isTold() || pauseOf(relay.clock) !== undefined);
        const pauseMs = pauseOf(relay.clock);
        if (pauseMs !== undefined) {
          // Something could not be read: it may have been an event, so the relay starts over.
          expect(relay.service.health().connected).toBe(false);
          const listening = broker.listening();
          relay.clock.pass(pauseMs);
          await listening;
          await untilTrue(() => relay.service.health().live);
        }
        const relayed = told.splice(0).filter((text) => !text.includes("last-"));
        // What an order shows and no event told of is made up for, and marked as that.
        const changed = relayed.filter(
          (text) => !frames.includes(text) && !text.includes('"caught_up":true'),
        );
        expect(changed).toEqual([]);
      });
      await fc.assert(holds, { numRuns: Math.ceil(FRAMES / 4) });
      expect(broker.most()).toBe(1);
      expect(relay.service.health().listeners).toBe(1);
    },
    TIME_LIMIT_MS,
  );

  test(
    "the book holds no share that no readable order has shown",
    async () => {
      const world = await FuzzWorld.open();
      const limit = { type: "limit", timeInForce: "gtc", limitPrice: "1.5" } as const;
      const intent = { symbol: "SPY", side: "buy", effect: "open", quantity: "6" } as const;
      await world.drive(world.latch.submit({ ...intent, ...limit }));
      const shown = { ...world.simulator.orders().at(-1), filled_qty: "6", status: "filled" };
      const body = JSON.stringify({ ...shown, filled_avg_price: "1.5" });
      // A word of the broker's may be any word; these have to be what they are.
      const needed = ["id", "side", "filled_qty", "filled_avg_price"];
      const holds = fc.asyncProperty(anyBreak, async (one) => {
        const text = broken(body, needed, one);
        const order = parsed(text);
        fc.pre(order !== undefined);
        await world.drive(world.latch.applyUpdate(order ?? {}));
        expect((await world.latch.book("SPY")).net).toBe("0");
        expect(world.logged().filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
      });
      await fc.assert(holds, { numRuns: FRAMES, endOnFailure: true });
      await world.drive(world.latch.applyUpdate(parsed(body) ?? {}));
      expect((await world.latch.book("SPY")).net).toBe("6");
      await world.close();
    },
    TIME_LIMIT_MS,
  );
});

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
