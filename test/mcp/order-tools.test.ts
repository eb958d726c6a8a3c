import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import type { AccountId, AgentId } from "../../src/core/ids.ts";
import { serveStdio } from "../../src/mcp/stdio-endpoint.ts";
import { openMany } from "../incident/many-incidents.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import { call, openToolWorld, SECRET } from "./tool-world.ts";

const BUY = { request_id: "decision-17", symbol: "TQQQ", side: "buy", quantity: 6 } as const;
const WRONG = [
  [{ ...BUY, quantity: "-6" }, "expected a number above zero"],
  [{ ...BUY, quantity: undefined }, "quantity"],
  [{ ...BUY, qty: 6 }, "qty"],
  [{ ...BUY, request_id: "" }, "request_id"],
  [{ symbol: "TQQQ", side: "buy", quantity: 6 }, "request_id"],
] as const;
const HELD = { positions: [{ symbol: "TQQQ", quantity: "6", averagePrice: "70" }] };

async function openTools(options: Parameters<typeof openToolWorld>[0] = {}) {
  const world = await openToolWorld(options);
  const program = world.program();
  return { world, program, client: await world.clientOf(program) };
}

describe("place_order", () => {
  test("sends an order once and says that this call did it", async () => {
    const { world, client } = await openTools();
    const told = await call(client, "place_order", BUY);
    const [order] = world.simulator.orders();
    expect(told).toMatchObject({
      isError: false,
      data: {
        ...{ status: "PROCEED", sent_by_this_call: true, retry: "never" },
        order: { symbol: "TQQQ", side: "buy", quantity: "6", broker_order_id: order?.id },
      },
    });
    expect(told.text).toBe(
      `Sent once: buy 6 TQQQ to open; the broker has it as order ${order?.id} (pending_new). ` +
        "Do not send it again: the same request_id tells later what became of it.",
    );
    expect(told.data.message).toBe(told.text);
  });

  test("tells a repeat when it happened and what became of it, and sends nothing", async () => {
    const { world, program, client } = await openTools();
    const first = await call(client, "place_order", BUY);
    await (await program.started).latch.tick();
    const again = await call(client, "place_order", { ...BUY, reason: "asked again" });
    expect(again).toMatchObject({
      isError: false,
      data: { status: "SKIP", sent_by_this_call: false, retry: "never" },
    });
    const { claimed_at, broker_order_id } = first.data.order;
    expect(claimed_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(again.text).toBe(
      `Nothing was sent by this call. This already happened at ${claimed_at}: ` +
        "buy 6 TQQQ to open, filled 6 @ 75.33; " +
        `the broker's order is ${broker_order_id}. Do not retry.`,
    );
    expect(world.posts()).toHaveLength(1);
  });

  test("sends one order for eight calls at once", async () => {
    const { world, client } = await openTools();
    const told = await Promise.all(
      Array.from({ length: 8 }, () => call(client, "place_order", BUY)),
    );
    expect(told.filter(({ data }) => data.sent_by_this_call)).toHaveLength(1);
    expect(world.posts()).toHaveLength(1);
  });

  test("says of a lost answer that nobody knows, not even of this call, and sends no second one", async () => {
    const world = await openToolWorld();
    world.fault({ kind: "accept_then_hang" });
    // A POST that were given up sooner might not have arrived on a busy machine.
    const patience = { waitMs: 1, postDeadlineMs: 4_000 };
    const client = await world.clientOf(world.program(patience));
    const told = await call(client, "place_order", BUY);
    expect(told).toMatchObject({
      isError: false,
      data: { status: "PENDING", sent_by_this_call: null, retry: "same_request_id" },
    });
    expect(told.text).toMatch(
      /^This call began an order that is not over: buy 6 TQQQ to open; .*\. Call again with the same/,
    );
    expect(told.text).toContain("never with another one");
    await world.until(() => world.simulator.orders().length === 1);
    const elsewhere = await world.clientOf(world.program(patience));
    const again = await call(elsewhere, "place_order", BUY);
    expect(again.data.sent_by_this_call).toBe(false);
    expect(again.text).toMatch(/^Nothing (new )?was sent/);
    expect(world.posts()).toHaveLength(1);
  });

  test("refuses other terms under a known request_id, and names the field", async () => {
    const { world, client } = await openTools();
    await call(client, "place_order", BUY);
    const other = await call(client, "place_order", { ...BUY, quantity: "7" });
    expect(other).toMatchObject({
      isError: true,
      data: { status: "BLOCKED", code: "fingerprint_mismatch", retry: "after_a_change" },
    });
    expect(other.text).toMatch(/^Refused, and nothing was sent by this call: .* with quantity 6,/);
    expect(other.text).toMatch(
      /On record under this request_id: buy 6 TQQQ to open, asked for at /,
    );
    expect(other.text).toContain(`the broker's order is ${other.data.order.broker_order_id}`);
    expect(other.text).toContain("Another request_id would place a second order");
    expect(other.text).not.toContain("under a new id");
    expect(world.posts()).toHaveLength(1);
  });

  test("says of an order that came to nothing that another try takes another request_id", async () => {
    const { world, client } = await openTools();
    const message = "insufficient buying power";
    world.fault({ kind: "refuse", status: 403, code: 40_310_000, message });
    const anew = "Another try, changed or not, takes a request_id of its own.";
    const told = [
      await call(client, "place_order", BUY),
      await call(client, "place_order", BUY),
      await call(client, "place_order", { ...BUY, quantity: 5 }),
    ];
    for (const { text, data } of told) {
      expect(text).toContain(anew);
      expect(text).not.toMatch(/second order|already happened/);
      expect(data).toMatchObject({ sent_by_this_call: false, retry: "after_a_change" });
    }
    expect(told.map(({ data }) => data.status)).toEqual(["BLOCKED", "SKIP", "BLOCKED"]);
    expect(told[1]?.text).toMatch(
      /^Nothing was sent by this call\. Buy 6 TQQQ to open was asked for at .*Z and came to nothing: rejected/,
    );
    const next = await call(client, "place_order", { ...BUY, request_id: "decision-18" });
    expect(next.data).toMatchObject({ status: "PROCEED", sent_by_this_call: true });
    expect(world.posts()).toHaveLength(2);
  });

  test("names what is wrong with its input, and sends nothing", async () => {
    const { world, client } = await openTools();
    for (const [input, part] of WRONG) {
      const told = await call(client, "place_order", input);
      expect(told.isError, part).toBe(true);
      expect(told.text).toContain(part);
    }
    expect(world.posts()).toEqual([]);
  });

  test("says that no order was sent where the store does not take the claim", async () => {
    const { world, program, client } = await openTools();
    const { latch } = await program.started;
    await latch.close();
    const told = await call(client, "place_order", BUY);
    expect(told).toMatchObject({ isError: true, data: undefined });
    expect(told.text).toMatch(/^store_closed: /);
    expect(world.posts()).toEqual([]);
  });

  test("begins no order whose caller has called it off while the start was waited for", async () => {
    const world = await openToolWorld();
    const program = world.program();
    const { broker } = program.portsFor({ id: "test", group: "default" as AgentId });
    const off = new AbortController();
    const { request_id: requestId, ...order } = BUY;
    const placed = broker?.submit({ requestId, ...order }, off.signal);
    off.abort();
    await expect(placed).rejects.toMatchObject({ code: "not_started" });
    expect(world.posts()).toEqual([]);
    expect(await (await program.started).latch.claim(requestId)).toBeUndefined();
  });

  test("says why there is no latch where the broker refuses the keys, as every tool does", async () => {
    const { world, client } = await openTools({ keyId: "another", secret: "another" });
    for (const [tool, input] of [
      ["place_order", BUY],
      ["positions", {}],
    ] as const) {
      const told = await call(client, tool, input);
      expect(told.isError).toBe(true);
      expect(told.text).toMatch(/^keys_refused: .*The same call will fail again/);
    }
    expect(world.posts()).toEqual([]);
  });

  test("takes the broker's secret out of what it quotes", async () => {
    const { client } = await openTools();
    const told = await call(client, "place_order", { ...BUY, symbol: SECRET });
    expect(told.isError).toBe(true);
    expect(told.text).not.toContain(SECRET);
  });
});

test("a message that answers nothing leaves no secret in the log", async () => {
  const world = await openToolWorld();
  const input = new PassThrough();
  const ports = world.program().portsFor({ id: "stdio", group: "default" as AgentId });
  const endpoint = await serveStdio(input, new PassThrough().resume(), ports);
  input.write(`${JSON.stringify({ jsonrpc: "2.0", id: SECRET, result: { key: SECRET } })}\n`);
  await world.until(() => world.log.some((line) => line.includes("unknown message ID")));
  expect(world.log.join("")).not.toContain(SECRET);
  await endpoint.close();
});

test("a line that cannot be read is told in one warning, and the next one is served", async () => {
  const world = await openToolWorld();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const ports = world.program().portsFor({ id: "stdio", group: "default" as AgentId });
  const endpoint = await serveStdio(input, output, ports);
  for (const line of ["hello", "{}"]) input.write(`${line}\n`);
  await world.until(() => world.log.filter((line) => line.includes("cannot be read")).length === 2);
  const [first = "", second = ""] = world.log.filter((line) => line.includes("cannot be read"));
  expect(JSON.parse(first)).toMatchObject({ level: 40, reason: expect.stringContaining("JSON: ") });
  expect(JSON.parse(second)).toMatchObject({ reason: "it is no message of JSON-RPC 2.0" });
  expect(world.log.join("")).not.toMatch(/stack|a tool failed/);
  input.write(`${JSON.stringify({ jsonrpc: "2.0", id: 7, method: "ping" })}\n`);
  const [answer] = await once(output, "data");
  expect(JSON.parse(String(answer))).toMatchObject({ id: 7, result: {} });
  await endpoint.close();
});

describe("close_position", () => {
  test("closes what is held, once, and tells a repeat that it is flat already", async () => {
    const { world, program, client } = await openTools(HELD);
    const exit = { request_id: "exit-3", symbol: "TQQQ" };
    expect(await call(client, "close_position", exit)).toMatchObject({
      data: { status: "PROCEED", order: { side: "sell", effect: "close", quantity: "6" } },
    });
    await (await program.started).latch.tick();
    expect(await call(client, "close_position", exit)).toMatchObject({ data: { status: "SKIP" } });
    expect(world.simulator.positions()).toEqual([]);
    const next = await call(client, "close_position", { ...exit, request_id: "exit-4" });
    expect(next).toMatchObject({ isError: true, data: { code: "close_while_flat" } });
    expect(next.text).toContain("The claim behind it is exit-3");
    expect(world.posts()).toHaveLength(1);
  });
});

describe("positions, entry_check and incidents", () => {
  test("tell what is held, by the book and by the broker", async () => {
    const { client } = await openTools(HELD);
    const told = await call(client, "positions");
    expect(told.text).toBe("Held by the book: 6 TQQQ.");
    expect(told.data.positions).toMatchObject([
      { symbol: "TQQQ", quantity: "6", closable: "6", broker_quantity: "6", difference: "0" },
    ]);
  });

  test("tell of a refused exit, what led to it, and that an entry is free all the same", async () => {
    const { world, client } = await openTools(HELD);
    const message = "position intent mismatch, inferred: sell_to_open, specified: sell_to_close";
    world.fault({ kind: "refuse", status: 422, code: 42_210_000, message });
    const refused = await call(client, "close_position", { request_id: "exit-3", symbol: "TQQQ" });
    expect(refused).toMatchObject({ isError: true, data: { status: "BLOCKED", incident: 1 } });
    const { text, data } = await call(client, "incidents");
    expect(data.incidents).toMatchObject([
      { id: 1, kind: "refused_exit", is_open: true, symbol: "TQQQ" },
    ]);
    expect(data.incidents[0].caused_by).toContain("exit-3");
    expect(text).toMatch(/^1 open\. 1: .*[^.]\)\.$/);
    const entry = await call(client, "entry_check", { symbol: "TQQQ" });
    expect(entry.data).toMatchObject({ is_free: true, incidents: [{ id: 1 }] });
    expect(entry.text).toMatch(/^An entry in TQQQ is free: incident 1 is open and blocks nothing/);
    expect((await call(client, "incidents", { symbol: "SQQQ" })).text).toBe("No open incident.");
  });

  test("tell how many incidents are open where fewer are listed", async () => {
    const { world, client } = await openTools(HELD);
    await call(client, "incidents");
    const ledger = openLedger(world.store);
    const [account] = await ledger.accounts();
    const where = { account: account as AccountId, symbol: "TQQQ", at: world.simulator.now() };
    await openMany(ledger, where, 130);
    const { text, data } = await call(client, "incidents", { limit: 2 });
    expect(text).toMatch(/^130 open, the latest 2 here\. 130: the matter/);
    expect(data).toMatchObject({ open: 130, incidents: [{ id: 130 }, { id: 129 }] });
    expect((await call(client, "incidents", { only_open: false })).data.open).toBe(130);
  });

  test("say nothing of what is no symbol", async () => {
    const { client } = await openTools(HELD);
    for (const name of ["entry_check", "incidents", "audit"]) {
      const told = await call(client, name, { symbol: "tqqq" });
      expect(told).toMatchObject({ isError: true, text: expect.stringContaining("a symbol such") });
    }
  });
});

describe("what is offered", () => {
  test("is honest about what each tool does, and describes what it gives", async () => {
    const { client } = await openTools();
    const { tools } = await client.listTools();
    const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]));
    const sends = { readOnlyHint: false, destructiveHint: true, idempotentHint: true };
    expect(hints).toMatchObject({
      place_order: { ...sends, openWorldHint: true },
      close_position: { ...sends, openWorldHint: true },
      positions: { readOnlyHint: true },
      entry_check: { readOnlyHint: true },
      incidents: { readOnlyHint: true },
    });
    for (const { inputSchema, outputSchema } of tools) {
      expect(inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: "object", properties: { message: {} } });
    }
  });

  test("has no way to place an order unless that was allowed", async () => {
    const world = await openToolWorld();
    const client = await world.clientOf(world.program({}, { allowsOrders: false }));
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["entry_check", "incidents", "positions"]));
    expect(names).not.toEqual(expect.arrayContaining(["place_order"]));
    expect(names).not.toEqual(expect.arrayContaining(["close_position"]));
    expect(client.getInstructions()).toContain("Orders are off");
    const told = await call(client, "place_order", BUY);
    expect(told).toMatchObject({ isError: true, text: expect.stringContaining("not found") });
    expect(world.posts()).toEqual([]);
  });

  test.each(["https://api.alpaca.markets", "https://broker.example"])(
    "needs a word more where orders at %s may be of real money",
    async (baseUrl) => {
      const world = await openToolWorld();
      expect(() => world.program({ baseUrl, live: true })).toThrow("say --allow-live-orders");
      const reads = world.program({ baseUrl, live: true }, { allowsOrders: false });
      await reads.close();
    },
  );
});
