import { describe, expect, it } from "vitest";

import { MAX_BODY_BYTES } from "../../src/broker/alpaca/whole-body.ts";
import type { BrokerOrderId } from "../../src/core/ids.ts";
import { unusedPort } from "../unused-port.ts";
import { BUY, bench, brokerAt, serve } from "./alpaca-bench.ts";
import { type Answer, json } from "./raw-server.ts";
import { bodyOf, fixture, SENT_ID } from "./wire-fixtures.ts";

const ACCEPTED = bodyOf(fixture("accepted"));
const ORDER_ID = "904837e3-3b76-47ec-b432-046db621571b" as BrokerOrderId;
const REPLACE = { clientOrderId: SENT_ID, side: "buy", terms: { qty: "7" } } as const;

async function closedPort(): Promise<string> {
  return `http://127.0.0.1:${await unusedPort()}`;
}

describe("an answer that never came in full", () => {
  const faults: readonly (readonly [string, Answer])[] = [
    ["a reset after the request was read", (_, response) => response.socket?.resetAndDestroy()],
    ["an end after the request was read", (_, response) => response.socket?.destroy()],
    [
      "an end within the headers",
      (_, response) => {
        response.socket?.write("HTTP/1.1 200 OK\r\ncontent-type: app");
        response.socket?.end();
      },
    ],
    [
      "a body shorter than announced",
      (_, response) => {
        response.writeHead(200, { "content-length": String(ACCEPTED.length) });
        response.write(ACCEPTED.slice(0, 300), () => response.socket?.destroy());
      },
    ],
    [
      "a chunked body cut off where an order could end",
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write(ACCEPTED, () => response.socket?.destroy());
      },
    ],
    [
      "an error body cut off",
      (_, response) => {
        response.writeHead(403, { "content-length": "500" });
        response.write(bodyOf(fixture("buying-power")), () => response.socket?.destroy());
      },
    ],
    ["something that is not HTTP", (_, response) => response.socket?.end("SSH-2.0-OpenSSH_9\r\n")],
  ];

  it.each(faults)("leaves the order unknown after one POST: %s", async (_case, answer) => {
    const { broker, server } = await bench(answer);
    expect((await broker.submit(BUY)).kind).toBe("ambiguous");
    expect(server.arrived).toHaveLength(1);
  });

  it.each(faults)("leaves a look-up unknown: %s", async (_case, answer) => {
    const { broker } = await bench(answer);
    expect((await broker.orderByClientId(SENT_ID)).kind).toBe("unknown");
  });

  it("leaves the order unknown after a reset on a socket that had answered before", async () => {
    let requests = 0;
    const { broker, server } = await bench((arrived, response) => {
      requests += 1;
      if (requests === 1) json(200, ACCEPTED)(arrived, response);
      else response.socket?.resetAndDestroy();
    });
    expect((await broker.submit(BUY)).kind).toBe("accepted");
    expect((await broker.submit(BUY)).kind).toBe("ambiguous");
    expect(server.arrived).toHaveLength(2);
  });

  it("leaves the order unknown when the body is longer than any answer of the broker's", async () => {
    const endless = new Response(`${ACCEPTED}${" ".repeat(MAX_BODY_BYTES)}`);
    const { broker } = brokerAt("http://127.0.0.1:9", { fetchApi: async () => endless });
    expect((await broker.submit(BUY)).kind).toBe("ambiguous");
  });

  it("leaves the order unknown at a redirect, which is not followed", async () => {
    const elsewhere = await serve(json(200, ACCEPTED));
    const { broker, server } = await bench(json(307, "", { location: elsewhere.url }));
    expect((await broker.submit(BUY)).kind).toBe("ambiguous");
    expect(server.arrived).toHaveLength(1);
    expect(elsewhere.arrived).toHaveLength(0);
  });
});

describe("an answer that announces another", () => {
  const OK = [
    ...["HTTP/1.1 200 OK", "content-type: application/json"],
    ...[`content-length: ${Buffer.byteLength(ACCEPTED)}`, "", ACCEPTED],
  ].join("\r\n");
  const behind = (...interim: readonly string[]): Answer => {
    const text = `${interim.map((head) => `HTTP/1.1 ${head}\r\n\r\n`).join("")}${OK}`;
    return (_, response) => void response.socket?.write(text);
  };

  it.each([
    ["a hint", behind("103 Early Hints\r\nlink: </x>; rel=preload")],
    ["two of them", behind("102 Processing", "103 Early Hints")],
  ])("is not the order's own: %s", async (_case, answer) => {
    const { broker, server } = await bench(answer);
    expect((await broker.submit(BUY)).kind).toBe("accepted");
    expect((await broker.orderByClientId(SENT_ID)).kind).toBe("found");
    expect(server.arrived).toHaveLength(2);
  });

  it.each([
    ["to go on, which nobody had asked for", behind("100 Continue")],
    ["another protocol", behind("101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade")],
  ])("leaves the order unknown after one POST where it can not be read: %s", async (_case, by) => {
    const { broker, server } = await bench(by);
    expect((await broker.submit(BUY)).kind).toBe("ambiguous");
    expect(server.arrived).toHaveLength(1);
  });
});

describe("an answer on which some clients send a request again by themselves", () => {
  it.each([300, 301, 302, 303, 307, 308, 401, 407, 408, 421, 425, 500, 502, 503, 504])(
    "has the order sent once: %i",
    async (status) => {
      const elsewhere = await serve(json(200, ACCEPTED));
      const headers = { location: elsewhere.url, "retry-after": "0", "www-authenticate": "Basic" };
      const { broker, server } = await bench(json(status, "", headers));
      expect((await broker.submit(BUY)).kind).toBe("ambiguous");
      expect((await broker.replace(ORDER_ID, REPLACE)).kind).toBe("ambiguous");
      expect(server.arrived.map(({ method }) => method)).toEqual(["POST", "PATCH"]);
      expect(elsewhere.arrived).toEqual([]);
    },
  );
});

describe("an answer that does not come", () => {
  it("leaves the order unknown at the deadline of our clock, after one POST", async () => {
    const { broker, clock, server } = await bench(() => {});
    const submitted = broker.submit(BUY);
    await server.arrivals(1);
    clock.advanceTo(clock.now() + 6_000);
    expect(await submitted).toEqual({ kind: "ambiguous", reason: "no answer within 6000 ms" });
    expect(server.arrived).toHaveLength(1);
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  it("leaves the order unknown at the deadline when the body hangs", async () => {
    const { broker, clock, server } = await bench((_, response) => {
      response.writeHead(200, { "content-length": String(ACCEPTED.length) });
      response.write(ACCEPTED.slice(0, 300));
    });
    const submitted = broker.submit(BUY);
    await server.arrivals(1);
    clock.advanceTo(clock.now() + 6_000);
    expect((await submitted).kind).toBe("ambiguous");
    expect(server.arrived).toHaveLength(1);
  });

  it("leaves a look-up unknown at its own deadline", async () => {
    const { broker, clock, server } = await bench(() => {}, { readDeadlineMs: 250 });
    const looked = broker.position("AAPL");
    await server.arrivals(1);
    clock.advanceTo(clock.now() + 250);
    expect(await looked).toEqual({ kind: "unknown", reason: "no answer within 250 ms" });
  });

  it("ends at the deadline even with a fetch that ignores every signal", async () => {
    const { broker, clock } = brokerAt("http://127.0.0.1:9", {
      fetchApi: () => new Promise(() => {}),
    });
    const submitted = broker.submit(BUY);
    await new Promise(setImmediate);
    clock.advanceTo(clock.now() + 6_000);
    expect((await submitted).kind).toBe("ambiguous");
  });
});

describe("a request that did not leave", () => {
  it("is not sent when nobody listens at the port", async () => {
    const { broker, clock } = brokerAt(await closedPort());
    const outcome = await broker.submit(BUY);
    expect(outcome.kind).toBe("not_sent");
    expect(outcome).toMatchObject({ reason: expect.stringContaining("ECONNREFUSED") });
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  it("is not sent when no address of the host listens", async () => {
    const { broker } = brokerAt((await closedPort()).replace("127.0.0.1", "localhost"));
    expect((await broker.submit(BUY)).kind).toBe("not_sent");
  });

  it("is no reading when it was a read", async () => {
    const { broker } = brokerAt(await closedPort());
    expect((await broker.orderByClientId(SENT_ID)).kind).toBe("unknown");
    expect((await broker.positions()).kind).toBe("unknown");
  });
});

describe("closing the broker", () => {
  it("leaves a submit under way unknown and a read under way unknown", async () => {
    const { broker, clock, server } = await bench(() => {});
    const submitted = broker.submit(BUY);
    const looked = broker.orderByClientId(SENT_ID);
    await server.arrivals(2);
    await broker.close();
    expect((await submitted).kind).toBe("ambiguous");
    expect((await looked).kind).toBe("unknown");
    expect(clock.nextWakeAt()).toBeUndefined();
  });

  it("sends nothing afterwards, and says so", async () => {
    const { broker, server } = await bench(json(200, ACCEPTED));
    await broker.close();
    expect((await broker.submit(BUY)).kind).toBe("not_sent");
    expect((await broker.account()).kind).toBe("unknown");
    expect(server.arrived).toHaveLength(0);
  });
});
