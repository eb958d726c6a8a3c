import { createConnection } from "node:net";
import { describe, expect, test } from "vitest";
import type { ManualClock } from "../../src/core/manual-clock.ts";
import type { Latch, StoredEvent } from "../../src/index.ts";
import { firstBreak } from "../../src/ledger/event-chain.ts";
import {
  EVENTS_PER_READ,
  HEARTBEAT_MS,
  LOOK_PAUSE_MS,
  READERS_MAX,
  TAKE_WITHIN_MS,
} from "../../src/sidecar/native-event-readers.ts";
import type { NativeLatch } from "../../src/sidecar/native-ports.ts";
import { claimed, openLedger } from "../ledger/open-ledger.ts";
import { claimCommand } from "../ledger/sample-commands.ts";
import { BUY, type NativeBench, openNative } from "./native-bench.ts";
import { atTheEnd, BOT } from "./sidecar-bench.ts";
import { parseAnswer, WireConnection } from "./wire-client.ts";

const FRAME = /id: (\d+)\ndata: (.*)\n\n/g;

/** A reader that is connected and has its answer's head. */
async function reader(
  { port }: NativeBench,
  target = "/latch/v1/events",
  lines: readonly string[] = [],
) {
  const connection = new WireConnection(port);
  atTheEnd(() => connection.destroy());
  const head = [`GET ${target} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...BOT, ...lines];
  connection.write(`${head.join("\r\n")}\r\n\r\n`);
  await connection.until("\r\n\r\n");
  return connection;
}

/** Lets the readers look again until `work` is over. */
async function looking<Value>(clock: ManualClock, work: Promise<Value>): Promise<Value> {
  let isOver = false;
  const ended = () => {
    isOver = true;
  };
  work.then(ended, ended);
  for (await turns(); !isOver; await turns()) clock.advanceTo(clock.now() + LOOK_PAUSE_MS);
  return work;
}

function framesIn(text: string) {
  return [...text.matchAll(FRAME)].map(([, id, data = ""]) => ({
    id: Number(id),
    event: JSON.parse(data),
  }));
}

async function send(latch: Latch, from: number, to: number): Promise<void> {
  for (let count = from; count <= to; count += 1) {
    await latch.submit({ ...BUY, requestId: `r-${count}`, quantity: `${count}` });
  }
}

describe("the stream of events", () => {
  test("begins at the present and then has every event, with its sequence as the id", async () => {
    const bench = await openNative();
    await send(bench.latch, 1, 2);
    const before = await bench.latch.lastSequence();
    const stream = await reader(bench);
    expect(stream.text).toContain("content-type: text/event-stream");
    await send(bench.latch, 3, 3);
    const after = await bench.latch.lastSequence();
    await looking(bench.clock, stream.until(`id: ${after}\n`));
    const ids = framesIn(stream.text).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: after - before }, (_, index) => before + index + 1));
  });

  test("resumes after the last id that its reader has, without a gap or a repeat", async () => {
    const bench = await openNative();
    await send(bench.latch, 1, 3);
    const last = await bench.latch.lastSequence();
    const first = await reader(bench, "/latch/v1/events?after=0");
    await first.until(`id: ${last}\n`);
    first.destroy();
    await send(bench.latch, 4, 4);
    const end = await bench.latch.lastSequence();
    // As an EventSource does it: the same address, and the header wins.
    const lines = [`Last-Event-ID: ${last}`];
    const second = await reader(bench, "/latch/v1/events?after=0", lines);
    await second.until(`id: ${end}\n`);
    const frames = [...framesIn(first.text), ...framesIn(second.text)];
    expect(frames.map(({ id }) => id)).toEqual(Array.from({ length: end }, (_, at) => at + 1));
    const events = frames.map(({ event }) => ({ ...event, at: Date.parse(event.at) }));
    expect(firstBreak(events as StoredEvent[])).toBeUndefined();
    expect(events).toEqual(await bench.latch.events());
  });

  test("has what another process wrote", async () => {
    const bench = await openNative();
    const stream = await reader(bench);
    const other = openLedger(bench.store, bench.clock);
    await claimed(other, claimCommand({ requestId: "theirs" }));
    await looking(bench.clock, stream.until('"requestId":"theirs"'));
  });

  test("of more than one read goes on without a pause", async () => {
    const bench = await openNative();
    const events = Array.from({ length: EVENTS_PER_READ * 2 + 1 }, (_, at) => madeUp(at + 1));
    const stream = await reader(
      await openNative({ latch: () => logOf(bench.latch, events) }),
      "/latch/v1/events?after=0",
    );
    await stream.until(`id: ${events.length}\n`);
    expect(framesIn(stream.text)).toHaveLength(events.length);
  });

  test("shows that it lives while nothing happens", async () => {
    const bench = await openNative();
    const stream = await reader(bench);
    const startedAt = bench.clock.now();
    await looking(bench.clock, stream.until(": still here\n\n"));
    expect(bench.clock.now() - startedAt).toBeGreaterThanOrEqual(HEARTBEAT_MS);
  });

  test("ends when closing begins", async () => {
    const bench = await openNative();
    const stream = await reader(bench);
    await bench.server.close(60_000);
    const text = await stream.untilClosed();
    expect(parseAnswer(Buffer.from(text, "latin1"), "GET").whole).toBe(true);
    expect(bench.failures).toEqual([]);
  });

  test("ends, and can be resumed, where the log cannot be read", async () => {
    const bench = await openNative();
    const stream = await reader(bench);
    const ended = stream.untilClosed();
    await bench.latch.close();
    await looking(bench.clock, ended);
    expect(bench.failures).toMatchObject([{ code: "store_closed" }]);
  });

  test("leaves nothing behind when its reader goes", async () => {
    const bench = await openNative();
    const stream = await reader(bench);
    await turns();
    stream.destroy();
    while (bench.clock.nextWakeAt() !== undefined) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bench.failures).toEqual([]);
  });

  test("is cut off where its reader does not take it, having read little ahead", async () => {
    const bench = await openNative();
    let reads = 0;
    const endless = {
      ...logOf(bench.latch, []),
      events: async ({ after = 0 } = {}) => {
        reads += 1;
        const big = "x".repeat(20_000);
        return Array.from({ length: EVENTS_PER_READ }, (_, at) => madeUp(after + at + 1, big));
      },
    } as NativeLatch;
    const { port, clock, server } = await openNative({ latch: () => endless });
    const socket = createConnection(port, "127.0.0.1").pause();
    atTheEnd(() => socket.destroy());
    socket.on("error", () => {});
    const lines = ["GET /latch/v1/events?after=0 HTTP/1.1", `Host: 127.0.0.1:${port}`, ...BOT];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    const connections = () =>
      new Promise((resolve) => server.app.server.getConnections((_, count) => resolve(count)));
    while (reads === 0) await turns();
    while ((await connections()) !== 0) {
      await turns();
      clock.advanceTo(clock.now() + TAKE_WITHIN_MS);
    }
    // What the system keeps for the two sockets is all that was read.
    expect(reads).toBeLessThan(20);
  });

  test("has room for so many readers, and tells the next one", async () => {
    const bench = await openNative();
    for (let count = 1; count <= READERS_MAX; count += 1) await reader(bench);
    const { status, body, headers } = await bench.get("/latch/v1/events");
    expect([status, body.tradelatch.error]).toEqual([503, "readers_full"]);
    expect(headers["retry-after"]).toBe("5");
    expect((await bench.get("/latch/v1/events", [...BOT, "Accept: application/json"])).status).toBe(
      200,
    );
  });
});

describe("a page of events", () => {
  const JSON_ONLY = [...BOT, "Accept: application/json"];

  test("begins with the first event and says where the next one begins", async () => {
    const bench = await openNative();
    await send(bench.latch, 1, 1);
    const whole = (await bench.get("/latch/v1/events", JSON_ONLY)).body;
    const first = (await bench.get("/latch/v1/events?limit=2", JSON_ONLY)).body;
    expect(first.next).toBe(2);
    const rest = (await bench.get(`/latch/v1/events?after=${first.next}`, JSON_ONLY)).body;
    expect([...first.events, ...rest.events]).toEqual(whole.events);
    const end = (await bench.get(`/latch/v1/events?after=${rest.next}`, JSON_ONLY)).body;
    expect(end).toEqual({ events: [], next: rest.next });
    const { at, ...event } = whole.events[0];
    expect({ ...event, at: Date.parse(at) }).toEqual((await bench.latch.events())[0]);
  });

  test("and a stream are refused for what is wrong, with the field and the value", async () => {
    const { get } = await openNative();
    const rows: readonly [string, readonly string[], string][] = [
      ["after=-1", [], 'after is "-1"'],
      ["after=two", [], 'after is "two"'],
      ["after=1000000", [], "after is 1000000: the last event is 0"],
      ["limit=0", [], 'limit is "0"'],
      ["since=1", [], 'unknown field "since" in the query'],
      ["after=0", ["Last-Event-ID: x"], 'Last-Event-ID is "x"'],
    ];
    for (const [query, lines, message] of rows) {
      for (const more of [lines, [...lines, "Accept: application/json"]]) {
        const { status, body } = await get(`/latch/v1/events?${query}`, [...BOT, ...more]);
        expect([status, body.message]).toEqual([400, expect.stringContaining(message)]);
        expect(body.tradelatch.error).toBe("invalid_query");
      }
    }
  });
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function madeUp(sequence: number, reason = ""): StoredEvent {
  const body = { type: "caller_told", answer: "certain", reason };
  const event = { subject: "book", account: "account", symbol: "TQQQ", body };
  return { ...event, sequence, at: 0, previousHash: "", hash: "" } as unknown as StoredEvent;
}

function logOf(latch: NativeLatch, log: readonly StoredEvent[]): NativeLatch {
  return {
    audit: latch.audit,
    claim: (requestId, agent) => latch.claim(requestId, agent),
    claims: (filters) => latch.claims(filters),
    book: (symbol) => latch.book(symbol),
    books: () => latch.books(),
    incident: (id) => latch.incident(id),
    incidents: (query) => latch.incidents(query),
    operator: latch.operator,
    entryCheck: (symbol) => latch.entryCheck(symbol),
    lastSequence: async () => log.length,
    events: async ({ after = 0, limit = log.length } = {}) => log.slice(after, after + limit),
  };
}
