import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import Fastify from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  type Delivery,
  exactlyOnce,
  fastifyWebhook,
  githubSignature,
  hmacSignature,
  type SignatureScheme,
  stripeSignature,
  type Webhook,
  webhook,
  webhookMiddleware,
} from "../../src/index.ts";
import { type GuardWorld, guardWorld } from "../guard/guard-world.ts";
import { eventBody, type PaidEvent, post, stripeHeader, WEBHOOK_SECRET } from "./delivered.ts";

/** A handler that counts, and fails when it is told to. */
function shop() {
  const shipped: string[] = [];
  let failure: Error | undefined;
  return {
    shipped,
    failWith: (error: Error | undefined) => {
      failure = error;
    },
    ship: ({ id, amount }: PaidEvent) => {
      shipped.push(id);
      if (failure !== undefined) throw failure;
      return { parcel: shipped.length, amount };
    },
  };
}

function signedWebhook({ guard, clock }: GuardWorld, more: object = {}) {
  const { shipped, ship, failWith } = shop();
  const signature = stripeSignature({ secrets: WEBHOOK_SECRET });
  const id = (event: PaidEvent) => event.id;
  const receive = webhook(ship, { guard, clock, signature, source: "shop", id, ...more });
  const deliver = (
    body: Buffer,
    headers = { "stripe-signature": stripeHeader(body, clock.now()) },
  ) => receive({ rawBody: body, headers });
  return { shipped, failWith, receive, deliver };
}

describe("a webhook", () => {
  test("handles an event once, and gives its result on every later delivery", async () => {
    const world = await guardWorld();
    const { shipped, deliver } = signedWebhook(world);
    const result = { parcel: 1, amount: "50.00" };
    expect(await deliver(eventBody("evt-1"))).toMatchObject({
      status: 200,
      body: { status: "done", message: "handled", result },
    });
    expect(await deliver(eventBody("evt-1"))).toMatchObject({
      status: 200,
      body: { status: "done", message: "handled before", result },
    });
    expect((await deliver(eventBody("evt-2"))).body.result).toMatchObject({ parcel: 2 });
    expect(shipped).toEqual(["evt-1", "evt-2"]);
  });

  test("claims nothing for a delivery that it does not believe, nor for one without an id", async () => {
    const world = await guardWorld();
    const { shipped, deliver } = signedWebhook(world);
    const body = eventBody("evt-1");
    const wrong = { "stripe-signature": stripeHeader(body, world.clock.now(), "another secret") };
    expect(await deliver(body, wrong)).toEqual({
      status: 401,
      headers: {},
      body: {
        status: "refused",
        message: "the signature was not made with a secret that is known here",
      },
    });
    const old = { "stripe-signature": stripeHeader(body, world.clock.now() - 301_000) };
    expect((await deliver(body, old)).status).toBe(401);
    for (const text of ["{", "{}", '{"id":""}', '{"id":7}', "null"]) {
      expect(await deliver(Buffer.from(text)), text).toMatchObject({ status: 400 });
    }
    expect((await world.guard.list()).total).toBe(0);
    expect(shipped).toEqual([]);
  });

  test("whose handler failed half way is not run again by a redelivery", async () => {
    const world = await guardWorld();
    const { shipped, failWith, deliver } = signedWebhook(world);
    failWith(new Error("the parcel service hung up"));
    const first = await deliver(eventBody("evt-1"));
    expect(first).toMatchObject({
      status: 409,
      headers: { "retry-after": "30" },
      body: { status: "unresolved", incident: 1 },
    });
    failWith(undefined);
    expect(await deliver(eventBody("evt-1"))).toMatchObject({ status: 409 });
    expect(shipped).toEqual(["evt-1"]);
    const verdict = { kind: "done", result: { parcel: 1 } } as const;
    await world.guard.resolve({ requestId: "shop:evt-1", verdict });
    expect(await deliver(eventBody("evt-1"))).toMatchObject({
      status: 200,
      body: { status: "done", result: { parcel: 1 } },
    });
  });

  test("is over once it was handled, also where what its handler gave cannot be kept", async () => {
    const { guard } = await guardWorld();
    const given: bigint[] = [];
    const handle = () => ({ rows: given.push(1n), total: 1n });
    const id = (event: PaidEvent) => event.id;
    const receive = webhook(handle, { guard, signature: null, id });
    for (let times = 0; times < 2; times += 1) {
      expect(await receive({ rawBody: eventBody("evt-1"), headers: {} })).toMatchObject({
        status: 200,
        body: { status: "done", message: expect.stringMatching(/^guard_result_unusable: /) },
      });
    }
    const confirm = () => ({ kind: "rejected", result: 1n }) as const;
    const refuse = () => Promise.reject(new Error("no such customer"));
    const refusing = webhook(refuse, { guard, signature: null, id, confirm });
    expect(await refusing({ rawBody: eventBody("evt-2"), headers: {} })).toMatchObject({
      ...{ status: 200, body: { status: "rejected" } },
    });
    expect(given).toHaveLength(1);
  });

  test("asks for another delivery where its handler certainly did nothing", async () => {
    const world = await guardWorld();
    const confirm = () => ({ kind: "absent", evidence: "the database was not reached" }) as const;
    const { shipped, failWith, deliver } = signedWebhook(world, { confirm });
    failWith(new Error("no connection"));
    expect(await deliver(eventBody("evt-1"))).toMatchObject({
      status: 503,
      body: { status: "absent" },
    });
    failWith(undefined);
    expect(await deliver(eventBody("evt-1"))).toMatchObject({ status: 200 });
    expect(shipped).toEqual(["evt-1", "evt-1"]);
  });

  test("reads back what a handler did before it runs it again", async () => {
    const world = await guardWorld();
    const asked: string[] = [];
    const verify = (event: PaidEvent) => () => {
      asked.push(event.id);
      return { kind: "done", result: { parcel: 9 } } as const;
    };
    const { shipped, failWith, deliver } = signedWebhook(world, { verify });
    failWith(new Error("the parcel service hung up"));
    await deliver(eventBody("evt-1"));
    expect(await deliver(eventBody("evt-1"))).toMatchObject({
      status: 200,
      body: { result: { parcel: 9 } },
    });
    expect({ asked, shipped }).toEqual({ asked: ["evt-1"], shipped: ["evt-1"] });
  });

  test("refuses an id that was delivered with other contents, where they are to be compared", async () => {
    const world = await guardWorld();
    const payload = ({ amount }: PaidEvent) => ({ amount });
    const { shipped, deliver } = signedWebhook(world, { payload });
    await deliver(eventBody("evt-1", "50.00"));
    expect(await deliver(eventBody("evt-1", "60.00"))).toMatchObject({
      status: 422,
      body: { status: "mismatch" },
    });
    expect(shipped).toEqual(["evt-1"]);
  });

  test("answers 503 and handles nothing where the store does not take the claim", async () => {
    const world = await guardWorld();
    const { shipped, deliver } = signedWebhook(world);
    await world.guard.close();
    expect(await deliver(eventBody("evt-1"))).toMatchObject({
      status: 503,
      body: { status: "failed", message: expect.stringMatching(/^store_closed: /) },
    });
    expect(shipped).toEqual([]);
  });

  test("asks for no other delivery of what can never be claimed", async () => {
    const { shipped, deliver } = signedWebhook(await guardWorld());
    const { status, headers, body } = await deliver(eventBody("e".repeat(1_000)));
    expect({ status, headers, told: body.status }).toEqual({
      status: 400,
      headers: {},
      told: "failed",
    });
    expect(shipped).toEqual([]);
  });

  test("waits for what is read of a delivery in its own time", async () => {
    const parse = async ({ rawBody }: Delivery) => {
      const event = JSON.parse(rawBody.toString()) as PaidEvent;
      if (event.amount === "forged") throw new Error("the token was not signed by the provider");
      return event;
    };
    const { shipped, receive } = signedWebhook(await guardWorld(), {
      ...{ signature: null, parse, payload: async ({ amount }: PaidEvent) => amount },
      id: (_: PaidEvent, { headers }: Delivery) => headers["x-delivery"],
    });
    const deliver = (amount: string) =>
      receive({ rawBody: eventBody("evt-1", amount), headers: { "x-delivery": "d-1" } });
    expect(await deliver("forged")).toMatchObject({ status: 400 });
    expect(shipped).toEqual([]);
    expect(await deliver("50.00")).toMatchObject({ status: 200 });
    expect(await deliver("60.00")).toMatchObject({ status: 422 });
    expect(shipped).toEqual(["evt-1"]);
  });

  test("takes no id that its reader has rounded: the next event would count as the same", async () => {
    const { guard } = await guardWorld();
    const { shipped, ship } = shop();
    const deliver = (options: object, body: string) => {
      const id = (event: { readonly id: unknown }) => `n-${event.id}`;
      const receive = webhook(ship, { guard, signature: null, id, ...options } as never);
      return receive({ rawBody: Buffer.from(body), headers: {} });
    };
    for (const digits of ["12345678901234567890", "9007199254740993", `1${"0".repeat(22)}1`]) {
      expect(await deliver({}, `{"id": ${digits}}`), digits).toMatchObject({
        status: 400,
        body: { status: "refused", message: expect.stringContaining("loses digits") },
      });
    }
    const second = await deliver({}, '{"cursor": 9007199254740993, "id": 12345678901234567890}');
    expect(second).toMatchObject({ status: 400 });
    expect([shipped, (await guard.list()).total]).toEqual([[], 0]);
    const told = await deliver({}, '{"id": 9007199254740991, "cursor": 9007199254740993}');
    expect(told).toMatchObject({ status: 200 });
    const parse = ({ rawBody }: Delivery) => ({ id: /\d+/.exec(rawBody.toString())?.[0] });
    for (const digits of ["12345678901234567890", "12345678901234567891"]) {
      expect(await deliver({ parse }, `{"id": ${digits}}`)).toMatchObject({ status: 200 });
    }
    expect(shipped).toHaveLength(3);
  });

  test("takes the id from a header, and keeps the events of two sources apart", async () => {
    const { guard } = await guardWorld();
    const { shipped, ship } = shop();
    const id = (_: PaidEvent, { headers }: { headers: Record<string, unknown> }) =>
      String(headers["x-github-delivery"]);
    const hub = webhook(ship, { guard, signature: null, source: "hub", id });
    const other = webhook(ship, { guard, signature: null, source: "other", id });
    const delivery = { rawBody: eventBody("a"), headers: { "x-github-delivery": "d-1" } };
    for (const receive of [hub, hub, other]) await receive(delivery);
    expect(shipped).toEqual(["a", "a"]);
  });
});

describe("exactlyOnce", () => {
  test("keeps the events of two sources apart, whatever stands in a source or an id", async () => {
    const { guard } = await guardWorld();
    const { shipped, ship } = shop();
    const id = (event: PaidEvent) => event.id;
    const all = exactlyOnce(ship, { guard, source: "shop", id });
    const european = exactlyOnce(ship, { guard, source: "shop:eu", id });
    expect(await all({ id: "eu:1", amount: "1" })).toMatchObject({ status: "done" });
    expect(await european({ id: "1", amount: "1" })).toMatchObject({ status: "done" });
    const escaped = exactlyOnce(ship, { guard, source: "shop%3Aeu", id });
    expect(await escaped({ id: "1", amount: "2" })).toMatchObject({ status: "done" });
    expect(shipped).toEqual(["eu:1", "1", "1"]);
  });

  test("runs a handler once for deliveries at once in several processes", async () => {
    const { guard, another } = await guardWorld();
    const { shipped, ship } = shop();
    const id = (event: PaidEvent) => event.id;
    const handlers = [guard, await another(), await another()].map((one) =>
      exactlyOnce(ship, { guard: one, source: "shop", id }),
    );
    const event = { id: "evt-1", amount: "50.00" };
    const answers = await Promise.all([...handlers, ...handlers].map((handle) => handle(event)));
    expect(shipped).toEqual(["evt-1"]);
    expect(answers.filter((one) => one.status === "done" && !one.isRepeat)).toHaveLength(1);
  });
});

/** What a program makes of a webhook; gives the URL of its deliveries. */
type Mount = (receive: Webhook) => Promise<string>;

const viaFastify: Mount = async (receive) => {
  const app = Fastify();
  onTestFinished(() => app.close());
  app.post("/json", async ({ body }) => body);
  await app.register(fastifyWebhook, { url: "/hook", webhook: receive, bodyLimit: 2_000 });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const parsed = await post(`http://127.0.0.1:${port}/json`, Buffer.from('{"parsed": true}'));
  expect(parsed.body, "other routes keep their parser").toEqual({ parsed: true });
  return `http://127.0.0.1:${port}/hook`;
};

async function listening(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

const viaExpress: Mount = (receive) => {
  const app = express();
  app.post("/hook", webhookMiddleware(receive, { bodyLimit: 2_000 }));
  app.use(express.json());
  return listening(app);
};

const viaExpressRaw: Mount = (receive) => {
  const app = express();
  app.post("/hook", express.raw({ type: "*/*", limit: 2_000 }), webhookMiddleware(receive));
  return listening(app);
};

const viaNode: Mount = (receive) => {
  const middleware = webhookMiddleware(receive, { bodyLimit: 2_000 });
  return listening((request, response) => middleware(request, response, () => response.destroy()));
};

describe.each([
  ["Fastify", viaFastify],
  ["Express", viaExpress],
  ["Express behind its raw parser", viaExpressRaw],
  ["Node's own server", viaNode],
] as const)("mounted in %s, a webhook", (_, mount) => {
  test("checks the bytes that came, handles each event once and bounds its body", async () => {
    const world = await guardWorld();
    const { shipped, receive } = signedWebhook(world);
    const url = await mount(receive);
    const body = Buffer.from('{ "id": "evt-1",   "amount": "50.00" }');
    const headers = { "stripe-signature": stripeHeader(body, world.clock.now()) };
    const statuses = [];
    for (let times = 0; times < 3; times++) statuses.push((await post(url, body, headers)).status);
    expect(statuses).toEqual([200, 200, 200]);
    expect((await post(url, body)).status).toBe(401);
    const large = { method: "POST", body: "x".repeat(3_000) };
    expect((await fetch(url, large)).status).toBe(413);
    expect(shipped).toEqual(["evt-1"]);
  });
});

describe("a handler that is to run once for an event's id", () => {
  test.each([[undefined], [null], [""], [7], [{ n: 1 }], [Promise.resolve("evt-1")]])(
    "takes no event whose id is %o: two such events are not one",
    async (id) => {
      const { guard } = await guardWorld();
      const { shipped, ship } = shop();
      const handle = exactlyOnce(ship, { guard, id: (event) => event.id });
      const event = { id, amount: "1" } as unknown as PaidEvent;
      const refused = { code: "invalid_guard_call", message: expect.stringContaining("id is ") };
      await expect(handle(event)).rejects.toMatchObject(refused);
      expect(shipped).toEqual([]);
      expect((await guard.list()).total).toBe(0);
    },
  );
});

describe("a webhook with a signature scheme of one's own", () => {
  const delivery = { rawBody: eventBody("evt-1"), headers: {} };

  async function checkedBy(check: () => unknown) {
    const { guard } = await guardWorld();
    const { shipped, ship } = shop();
    const id = (event: PaidEvent) => event.id;
    const receive = webhook(ship, { guard, id, signature: { check } as SignatureScheme });
    return { answered: await receive(delivery), shipped, claims: (await guard.list()).total };
  }

  test.each([
    ["refuses later", 401, async () => ({ kind: "refused", problem: "wrong" })],
    ["gives nothing", 401, () => undefined],
    ["says no", 401, () => false],
    ["gives a kind that there is not", 401, () => ({ kind: "accepted" })],
    ["fails", 500, () => Promise.reject(new Error("the key of the vault is hunter2"))],
    ["throws", 500, () => JSON.parse("hunter2")],
  ])("lets nobody in where that %s", async (_, status, check) => {
    const { answered, shipped, claims } = await checkedBy(check);
    expect(answered).toMatchObject({ status });
    expect(JSON.stringify(answered)).not.toContain("hunter2");
    expect([shipped, claims]).toEqual([[], 0]);
  });

  test("may take its time", async () => {
    const { answered, shipped } = await checkedBy(async () => ({ kind: "valid" }));
    expect([answered.status, shipped]).toEqual([200, ["evt-1"]]);
  });
});

describe("a webhook whose options are unusable", () => {
  test.each([
    [{ signature: undefined }, "signature is undefined"],
    [{ signature: "" }, "signature is "],
    [{ signature: {} }, "signature is "],
    [{ guard: undefined }, "guard is undefined"],
    [{ id: undefined }, "id is undefined"],
    [{ verify: true }, "verify is true"],
    [{ source: "" }, "source is empty: expected 1 to "],
    [{ source: 7 }, "source is number: expected a text"],
    [{ source: "s".repeat(257) }, "source is 257 characters long: expected at most 256"],
    [{ source: " " }, "source is blank"],
    [{ waitMs: -1 }, "waitMs is -1: expected 0 to 30000"],
    [{ waitMs: 30_001 }, "waitMs is 30001"],
    [{ payloads: () => 1 }, 'unknown field "payloads": expected '],
    [{ secrets: "s" }, 'unknown field "secrets"'],
  ])("is refused where it is made: %o", async (wrong, reason) => {
    const { guard } = await guardWorld();
    const options = { guard, signature: null, id: ({ id }: PaidEvent) => id, ...wrong };
    expect(() => webhook(shop().ship, options as never)).toThrow(reason);
  });

  test("is refused without a handler, and without a secret or a header to sign by", async () => {
    const { guard } = await guardWorld();
    const options = { guard, signature: null, id: ({ id }: PaidEvent) => id };
    expect(() => webhook(undefined as never, options)).toThrow("the handler is undefined");
    expect(() => stripeSignature({ secrets: undefined } as never)).toThrow("secrets");
    expect(() => githubSignature({} as never)).toThrow("secrets");
    expect(() => hmacSignature({ secrets: "s" } as never)).toThrow("header is undefined");
  });

  test("is refused where an option of its signature, or of exactlyOnce, is misspelt", async () => {
    const { guard } = await guardWorld();
    const unknown = (field: string) =>
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringContaining(`unknown field "${field}"`),
      });
    const options = { secrets: "s", header: "x-signature", tolerance: 1 } as never;
    for (const make of [stripeSignature, githubSignature, hmacSignature]) {
      expect(() => make(options)).toThrow(unknown("tolerance"));
    }
    const id = (event: PaidEvent) => event.id;
    const misspelt = { guard, id, confrim: () => ({ kind: "absent" }) } as never;
    expect(() => exactlyOnce(shop().ship, misspelt)).toThrow(unknown("confrim"));
  });

  test.each([
    [{ algorithm: "SHA256" }, 'algorithm is "SHA256": expected sha256 or sha512'],
    [{ algorithm: "md5" }, 'algorithm is "md5"'],
    [{ encoding: "base64url" }, 'encoding is "base64url": expected hex or base64'],
    [{ prefix: 7 }, "prefix is a number: expected a text"],
    [{ timeHeader: "" }, "timeHeader is empty: expected the name of the time's header"],
    [{ timeHeader: null }, "timeHeader is null"],
  ])("is refused where its signature could never fit: %j", (wrong, reason) => {
    const options = { secrets: "s", header: "x-signature", ...wrong } as never;
    expect(() => hmacSignature(options)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
    expect(() => hmacSignature(options)).toThrow(reason);
  });
});

test.each([
  [{ bodyLimit: "1mb" }, 'bodyLimit is "1mb": expected a whole number of bytes over 0'],
  [{ bodyLimit: Number.NaN }, "bodyLimit is null"],
  [{ bodyLimit: 0 }, "bodyLimit is 0"],
  [{ limit: 1_000 }, 'unknown field "limit": expected bodyLimit'],
])(
  "a middleware whose body would have no bound is refused where it is made: %j",
  (wrong, reason) => {
    const make = () => webhookMiddleware(async () => Promise.reject(), wrong as never);
    expect(make).toThrow(expect.objectContaining({ code: "invalid_option" }));
    expect(make).toThrow(reason);
  },
);

test("a webhook behind a parser that kept no bytes says so, and handles nothing", async () => {
  const { guard } = await guardWorld();
  const { shipped, ship } = shop();
  const signature = githubSignature({ secrets: WEBHOOK_SECRET });
  const receive = webhook(ship, { guard, signature, id: (event: PaidEvent) => event.id });
  const errors: unknown[] = [];
  const app = express();
  app.use(express.json());
  app.post("/hook", webhookMiddleware(receive));
  app.use(((error, _request, response, _next) => {
    errors.push(error);
    response.status(500).json({});
  }) satisfies express.ErrorRequestHandler);
  const url = await listening(app);
  expect((await post(url, eventBody("evt-1"))).status).toBe(500);
  expect(errors).toMatchObject([{ code: "webhook_body_parsed" }]);
  expect(shipped).toEqual([]);
});
