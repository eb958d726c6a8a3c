import { describe, expect, test } from "vitest";
import { call, openToolWorld } from "./tool-world.ts";

const PAYMENT = { request_id: "invoice-1042", action: "payment.send" };
const RESULT = { transfer: "tr_1" };

async function openTools(
  settings: Parameters<Awaited<ReturnType<typeof openToolWorld>>["program"]>[0] = {},
) {
  const world = await openToolWorld();
  const program = world.program({ broker: "none", ...settings }, { allowsOrders: false });
  return { world, program, client: await world.clientOf(program) };
}

describe("claim and settle", () => {
  test("tell one caller to do it, and everybody else what it came to", async () => {
    const { client } = await openTools();
    const owned = await call(client, "claim", { ...PAYMENT, payload: { amount: "50.00" } });
    expect(owned).toMatchObject({ isError: false, data: { status: "PROCEED" } });
    expect(owned.text).toMatch(/^You own it\. Do it once, before \d{4}-.*Z, /);
    const { settlement_token } = owned.data;

    const other = await call(client, "claim", PAYMENT);
    expect(other).toMatchObject({ isError: false, data: { status: "PENDING" } });
    expect(other.data.settlement_token).toBeUndefined();
    expect(other.text).toMatch(/^Its owner is at it: payment\.send, claimed at .* Do not do it;/);

    const settled = { request_id: PAYMENT.request_id, settlement_token, result: RESULT };
    expect(await call(client, "settle", settled)).toMatchObject({
      isError: false,
      data: { status: "committed", repeated: false, result: RESULT },
    });
    const late = await call(client, "settle", { ...settled, result: { transfer: "tr_2" } });
    expect(late).toMatchObject({ data: { repeated: true, result: RESULT } });
    expect(late.text).toMatch(/^It was settled before, and that stays\./);

    const again = await call(client, "claim", PAYMENT);
    expect(again).toMatchObject({ data: { status: "SKIP", existing: { result: RESULT } } });
    expect(again.text).toMatch(
      /^This already happened, on record since .*Z: payment\.send, claimed at .*, done, says its owner, with the result/,
    );
    expect(again.text).toMatch(/Do not do it again\.$/);
  });

  test("tell one of eight callers at once to do it", async () => {
    const { client } = await openTools();
    const told = await Promise.all(Array.from({ length: 8 }, () => call(client, "claim", PAYMENT)));
    expect(told.map(({ data }) => data.status).sort()).toEqual([
      ...Array.from({ length: 7 }, () => "PENDING"),
      "PROCEED",
    ]);
  });

  test("say of an outcome that nobody knows that it is not to be done again", async () => {
    const { client } = await openTools();
    const { data } = await call(client, "claim", PAYMENT);
    const unknown = await call(client, "settle", {
      ...{ request_id: PAYMENT.request_id, settlement_token: data.settlement_token },
      outcome: "unknown",
    });
    expect(unknown).toMatchObject({ isError: false, data: { status: "unresolved" } });
    const again = await call(client, "claim", PAYMENT);
    expect(again).toMatchObject({ data: { status: "PENDING", unresolved: true, incident: 1 } });
    expect(again.text).toMatch(
      /^Unresolved: payment\.send, .* Do not do it again, under this or any/,
    );
  });

  test("refuse other terms, a wrong token and a settlement of nothing, each with its remedy", async () => {
    const { client } = await openTools();
    await call(client, "claim", { ...PAYMENT, payload: { amount: "50.00" } });
    const id = { request_id: PAYMENT.request_id };
    const refused = [
      [
        await call(client, "claim", { ...PAYMENT, payload: { amount: "60.00" } }),
        "/payload/amount",
      ],
      [await call(client, "claim", { ...PAYMENT, action: "payment.refund" }), "payment.refund"],
      [
        await call(client, "settle", { ...id, settlement_token: "wrong" }),
        "settlement_token_wrong",
      ],
      [await call(client, "settle", { request_id: "nothing" }), "claim_not_found"],
      [await call(client, "claim", { request_id: "a" }), "action"],
      [
        await call(client, "claim", { ...PAYMENT, payload: { wei: 2 ** 53 } }),
        "payload holds the number 9007199254740992, which may have lost digits",
      ],
      [await call(client, "settle", { ...id, result: [2 ** 60] }), "result holds the number"],
      [await call(client, "claim", { ...PAYMENT, request_id: "" }), "request_id"],
    ] as const;
    for (const [told, part] of refused) {
      expect(told, part).toMatchObject({ isError: true, text: expect.stringContaining(part) });
    }
  });

  test("do not leave an action to a call that was called off before it was answered", async () => {
    const { world, client } = await openTools();
    const calledOff = new AbortController();
    const { signal } = calledOff;
    const called = client.callTool({ name: "claim", arguments: PAYMENT }, undefined, { signal });
    calledOff.abort();
    await expect(called).rejects.toThrow();
    await world.until(() => world.log.some((line) => line.includes('"command":"release"')));
    const again = await call(client, "claim", PAYMENT);
    expect(again).toMatchObject({ data: { status: "PROCEED", reopened: true } });
  });

  test("ask for the token where settings say so", async () => {
    const { client } = await openTools({ requireSettlementToken: true });
    await call(client, "claim", PAYMENT);
    const told = await call(client, "settle", { request_id: PAYMENT.request_id });
    expect(told).toMatchObject({ isError: true });
    expect(told.text).toMatch(/^settlement_token_missing: /);
  });
});

describe("get_claim and audit", () => {
  test("tell how an action stands, and list what is on record", async () => {
    const { client } = await openTools();
    expect(await call(client, "get_claim", { request_id: "nothing" })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/^claim_not_found: /),
    });
    await call(client, "claim", PAYMENT);
    await call(client, "claim", { ...PAYMENT, request_id: "mail-1", action: "email.send" });
    await call(client, "settle", { request_id: PAYMENT.request_id, result: RESULT });
    expect(await call(client, "get_claim", { request_id: PAYMENT.request_id })).toMatchObject({
      data: { order: null, action: { status: "COMMITTED", state: "SETTLED", result: RESULT } },
    });
    const { data } = await call(client, "audit");
    expect(data.items).toMatchObject([
      { request_id: "mail-1", action: "email.send", status: "OPEN" },
      { request_id: "invoice-1042", action: "payment.send", status: "SETTLED", outcome: "done" },
    ]);
    const mails = await call(client, "audit", { action: "email.send", limit: 1 });
    expect(mails.data.items).toHaveLength(1);
  });

  test("know orders too where there is a broker", async () => {
    const world = await openToolWorld();
    const client = await world.clientOf(world.program());
    const order = { request_id: "d-1", symbol: "TQQQ", side: "buy", quantity: 6 };
    await call(client, "place_order", order);
    const told = await call(client, "get_claim", { request_id: "d-1" });
    expect(told).toMatchObject({ data: { action: null, order: { symbol: "TQQQ" } } });
    const { data } = await call(client, "audit", { symbol: "TQQQ" });
    expect(data.items).toMatchObject([{ request_id: "d-1", action: "buy_to_open" }]);
  });
});

test("without a broker there are the guard's tools alone, with honest hints", async () => {
  const { client, world } = await openTools();
  const { tools } = await client.listTools();
  const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, annotations]));
  expect(hints).toEqual({
    claim: expect.objectContaining({ readOnlyHint: false, idempotentHint: false }),
    settle: expect.objectContaining({ readOnlyHint: false, idempotentHint: true }),
    get_claim: expect.objectContaining({ readOnlyHint: true }),
    audit: expect.objectContaining({ readOnlyHint: true }),
  });
  expect(world.simulator.requests()).toEqual([]);
  expect(() => world.program({ broker: "none" })).toThrow("--allow-orders needs a broker");
});
