import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { createAlpacaMarketData } from "../../src/broker/alpaca/alpaca-market-data.ts";
import type { StreamEnd } from "../../src/broker/market-data.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { seededRandom } from "../../src/core/random.ts";
import {
  FIRST_PAUSE_MS,
  HELD_MS,
  LONGEST_PAUSE_MS,
  REFUSED_PAUSE_MS,
  StreamKeeper,
} from "../../src/feed/stream-keeper.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";

interface Kept {
  readonly clock: ManualClock;
  /** What happens next: `up`, or how a try ended and how long the pause is. */
  next(): Promise<"up" | (StreamEnd & { readonly pauseMs: number })>;
  stop(): Promise<void>;
}

async function openBroker(): Promise<Simulator> {
  const broker = await startSimulator({ keyId: "key", secret: "secret" });
  onTestFinished(() => broker.close());
  return broker;
}

function keep(broker: Pick<Simulator, "url" | "now">, secret = "secret", symbols = ["QQQ"]): Kept {
  const clock = new ManualClock(broker.now());
  const data = createAlpacaMarketData({
    ...{ keyId: "key", secret, clock, baseUrl: broker.url, dataFeed: "iex" as const },
    ...{ dataUrl: undefined, dataStreamUrl: undefined },
  });
  const told: Awaited<ReturnType<Kept["next"]>>[] = [];
  let wake = () => {};
  const tell = (one: (typeof told)[number]) => {
    told.push(one);
    wake();
  };
  const stopping = new AbortController();
  const keeper = new StreamKeeper({
    ...{ data, clock, symbols, random: seededRandom(7), onBar: () => undefined },
    onUp: () => tell("up"),
    onDown: (end, pauseMs) => tell({ ...end, pauseMs }),
  });
  const over = keeper.run(stopping.signal);
  const stop = () => {
    stopping.abort();
    return over;
  };
  onTestFinished(stop);
  const next = async () => {
    while (told.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return told.shift() ?? "up";
  };
  return { clock, next, stop };
}

async function down(kept: Kept) {
  const end = await kept.next();
  if (end === "up") throw new Error("it is up");
  return end;
}

describe("a stream of bars that is kept up", () => {
  test("waits longer after each try that comes to nothing, up to a bound", async () => {
    const broker = await openBroker();
    const other = keep(broker);
    expect(await other.next()).toBe("up");
    const kept = keep(broker);
    for (let wholeMs = FIRST_PAUSE_MS; wholeMs <= 4 * LONGEST_PAUSE_MS; wholeMs *= 2) {
      const { kind, reason, pauseMs } = await down(kept);
      expect({ kind, reason }).toEqual({ kind: "busy", reason: "connection limit exceeded" });
      expect(pauseMs).toBeGreaterThanOrEqual(Math.min(wholeMs, LONGEST_PAUSE_MS) / 2);
      expect(pauseMs).toBeLessThanOrEqual(Math.min(wholeMs, LONGEST_PAUSE_MS));
      kept.clock.advanceTo(kept.clock.now() + pauseMs);
    }
    await down(kept);
    await other.stop();
    kept.clock.advanceTo(kept.clock.now() + LONGEST_PAUSE_MS);
    expect(await kept.next()).toBe("up");
  });

  test("begins with short pauses again after a connection that held", async () => {
    const broker = await openBroker();
    const kept = keep(broker);
    expect(await kept.next()).toBe("up");
    kept.clock.advanceTo(kept.clock.now() + HELD_MS);
    broker.cutStreams("data");
    const { kind, pauseMs } = await down(kept);
    expect(kind).toBe("lost");
    expect(pauseMs).toBeLessThanOrEqual(FIRST_PAUSE_MS);
    kept.clock.advanceTo(kept.clock.now() + FIRST_PAUSE_MS);
    expect(await kept.next()).toBe("up");
    expect(broker.dataConnections()).toBe(1);
  });

  test("tries refused keys again slowly", async () => {
    const { kind, reason, pauseMs } = await down(keep(await openBroker(), "wrong"));
    expect({ kind, reason }).toEqual({ kind: "refused", reason: "auth failed" });
    expect(pauseMs).toBeGreaterThanOrEqual(REFUSED_PAUSE_MS / 2);
  });

  test("is closed with a word, so that the next one is let in at once", async () => {
    const broker = await openBroker();
    const first = keep(broker);
    expect(await first.next()).toBe("up");
    await first.stop();
    expect(await keep(broker).next()).toBe("up");
  });

  test("gives a connection up that is not up within ten seconds", async () => {
    let connected = () => {};
    const isConnected = new Promise<void>((resolve) => {
      connected = resolve;
    });
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket);
      connected();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const kept = keep({ url: `http://127.0.0.1:${port}`, now: () => 0 });
    await isConnected;
    kept.clock.advanceTo(10_000);
    expect(await down(kept)).toMatchObject({ kind: "lost", reason: "not up within 10 s" });
  });
});
