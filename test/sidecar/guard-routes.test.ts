/** The guard over HTTP, to the letter of what guard clients send and read. */
import { describe, expect, test } from "vitest";
import facts from "../../fixtures/identity/identity.json" with { type: "json" };
import { LEASE_MS } from "../guard/guard-world.ts";
import { guardBench, TOKEN } from "./guard-bench.ts";

const PAY = { request_id: "invoice-1042", action: "payment.send" };

describe("POST /claim", () => {
  test("lets the first call proceed, and answers the others by what is on record", async () => {
    const { post } = await guardBench();
    const first = await post("/claim", { ...PAY, payload: { amount: "50" } });
    expect(first.status).toBe(200);
    expect(first.body).toEqual({
      ...{ status: "PROCEED", request_id: "invoice-1042", reopened: false },
      settlement_token: expect.stringMatching(/^[0-9a-f-]{36}$/),
      lease_until: "2026-05-21T13:57:00.000Z",
      message: expect.stringContaining("the outcome is proved by the provider"),
    });
    const live = await post("/claim", PAY);
    expect(live.body).toMatchObject({
      ...{ status: "PENDING", request_id: "invoice-1042" },
      existing: { status: "PENDING", state: "OPEN", unresolved: false, outcome: null },
    });
    expect(live.body).not.toHaveProperty("settlement_token");
    await post("/settle/invoice-1042", { result: { id: "p-1" } });
    const settled = await post("/claim", PAY);
    expect(settled.headers.get("idempotent-replayed")).toBe("true");
    expect(settled.body).toMatchObject({
      ...{ status: "SKIP", request_id: "invoice-1042" },
      existing: { status: "COMMITTED", state: "SETTLED", outcome: "done", result: { id: "p-1" } },
    });
  });

  test("derives the id as every other implementation does", async () => {
    const { post } = await guardBench();
    const { timestamp, ...three } = facts.action_ref.preimage;
    const timed = await post("/claim", { ...three, timestamp });
    expect(timed.body).toMatchObject({ status: "PROCEED", request_id: facts.action_ref.sha256 });
    const untimed = await post("/claim", three);
    expect(untimed.body.status).toBe("PROCEED");
    expect(untimed.body.request_id).toMatch(/^[0-9a-f]{64}$/);
    expect(untimed.body.request_id).not.toBe(facts.action_ref.sha256);
    expect((await post("/claim", three)).body.status).toBe("PENDING");
    const { body } = await post("/claim", { request_id: timed.body.request_id, ...three });
    expect(body).toMatchObject({ status: "PENDING", existing: { agent_id: three.agent_id } });
  });

  test.each([
    [{}, "request_id is missing"],
    [{ request_id: "", action: "a" }, 'request_id is \\"\\"'],
    [{ request_id: null, action: "a" }, "request_id is null"],
    [{ request_id: " ", action: "a" }, "expected more than white space"],
    [{ request_id: "r", action: " " }, "expected more than white space"],
    [{ action: "a" }, "request_id is missing"],
    [{ agent_id: "a", action_type: "b" }, "request_id is missing"],
    [{ request_id: "r" }, "action is missing"],
    [{ request_id: "r", action: "a", action_type: "b" }, "give one of them"],
    [{ request_id: "r", action: "a", payloads: 1 }, 'unknown field \\"payloads\\"'],
    [{ agent_id: "a", action_type: "b", scope: "c", timestamp: "now" }, "timestamp is"],
    [{ request_id: "r", action: "a", wait_ms: 30_001 }, "wait_ms is 30001"],
    ["not JSON", "JSON"],
    [[], "expected an object"],
  ])("refuses %j with a 400 that says why, and claims nothing", async (body, reason) => {
    const { post, get } = await guardBench();
    const answer = await post("/claim", body);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(reason);
    expect((await get("/audit")).body.total).toBe(0);
  });

  test("refuses other terms under one id with a 422 that names the field", async () => {
    const { post } = await guardBench();
    await post("/claim", { ...PAY, payload: { amount: "50", to: { iban: "A" } } });
    const other = await post("/claim", { ...PAY, payload: { amount: "50", to: { iban: "B" } } });
    expect(other).toMatchObject({
      status: 422,
      body: { tradelatch: { error: "guard_terms_differ", field: "/payload/to/iban" } },
    });
    expect(JSON.stringify(other.body)).not.toMatch(/"[AB]"/);
    const action = await post("/claim", { ...PAY, action: "payment.refund" });
    expect(action.body.tradelatch.field).toBe("action");
    expect(action.body.message).toContain('first "payment.send", now "payment.refund"');
  });

  test("that waits for an owner who releases it is told that it did not happen", async () => {
    const { post } = await guardBench();
    const { settlement_token: token } = (await post("/claim", PAY)).body;
    const waiting = post("/claim", { ...PAY, wait_ms: 30_000 });
    await post("/release/invoice-1042", { evidence: "refused" }, { [TOKEN]: token });
    const { body } = await waiting;
    expect(body).toMatchObject({ status: "PENDING", existing: { outcome: "absent" } });
    expect(body.message).toContain("It did not happen: its claim was released. Claim it again");
  });

  test("waits for the owner's result, if asked", async () => {
    const { post } = await guardBench();
    await post("/claim", PAY);
    const waiting = post("/claim", { ...PAY, wait_ms: 30_000 });
    await post("/settle/invoice-1042", { result: 7 });
    expect((await waiting).body).toMatchObject({ status: "SKIP", existing: { result: 7 } });
  });
});

test("a number that loses digits is refused: it would be kept, and compared, as another one", async () => {
  const { post, get } = await guardBench();
  const digits = "9007199254740993";
  const claim = (number: string) =>
    post("/claim", `{"request_id": "r-1", "action": "pay", "payload": {"wei": ${number}}}`);
  const refused = await claim(digits);
  expect(refused).toMatchObject({
    status: 400,
    body: { tradelatch: { error: "request_malformed" } },
  });
  expect(refused.body.message).toBe(
    `the number ${digits} in the body loses digits: send it as text`,
  );
  expect((await claim(`1${"0".repeat(400)}`)).body.message).toContain("loses digits");
  expect((await get("/audit")).body.total).toBe(0);
  expect((await claim("1000000000000000000")).body.status).toBe("PROCEED");
  expect((await post("/settle/r-1", `{"result": ${digits}}`)).status).toBe(400);
  expect((await get("/claims/r-1")).body.state).toBe("OPEN");
  const kept = { result: [0.1, 6.02e23, digits, `a "${digits}`] };
  expect((await post("/settle/r-1", kept)).body.result).toEqual(kept.result);
});

test("amounts that differ behind the digits of a double are two payloads, and no two results", async () => {
  const { post } = await guardBench();
  const claim = (amount: string) =>
    post("/claim", `{"request_id": "r-1", "action": "pay", "payload": {"eth": ${amount}}}`);
  expect((await claim("1.00000000000000001")).body.status).toBe("PROCEED");
  expect((await claim("1.00000000000000001")).body.status).toBe("PENDING");
  for (const other of ["1", "1.0", "1.00000000000000002", "1e-400"]) {
    expect(await claim(other)).toMatchObject({
      status: 422,
      body: { tradelatch: { field: "/payload/eth" } },
    });
  }
  const settled = await post("/settle/r-1", '{"result": {"fee": 0.10000000000000001}}');
  expect(settled.body).toMatchObject({ status: "committed", result: { fee: 0.1 } });
});

describe("POST /settle", () => {
  test("keeps the first result, whoever repeats it", async () => {
    const { post } = await guardBench();
    await post("/claim", PAY);
    const first = await post("/settle/invoice-1042", { result: { id: "p-1" } });
    expect(first).toMatchObject({
      status: 200,
      body: {
        ...{ status: "committed", request_id: "invoice-1042", repeated: false },
        ...{ result: { id: "p-1" }, outcome: "done", claim: { state: "SETTLED" } },
      },
    });
    const again = await post("/settle/invoice-1042", { result: { id: "p-2" } });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(again.body).toMatchObject({
      status: "committed",
      repeated: true,
      result: { id: "p-1" },
    });
  });

  test("refuses another outcome than is on record, and keeps it as an incident", async () => {
    const { post, get } = await guardBench();
    await post("/claim", PAY);
    await post("/settle/invoice-1042", { outcome: "rejected", result: "no funds" });
    const other = await post("/settle/invoice-1042", { result: { id: "p-1" } });
    expect(other).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_outcome_differs" } } },
    });
    expect(other.body.message).toBe('"invoice-1042" is on record as rejected');
    expect((await get("/claims/invoice-1042")).body).toMatchObject({
      ...{ outcome: "rejected", result: "no funds" },
    });
  });

  test("takes the token of the owner alone where one is shown", async () => {
    const { post } = await guardBench();
    const { settlement_token: token } = (await post("/claim", PAY)).body;
    const wrong = await post("/settle/invoice-1042", { result: 1 }, { [TOKEN]: "another" });
    expect(wrong).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "settlement_token_wrong" } },
    });
    const right = await post("/settle/invoice-1042", { result: 1 }, { [TOKEN]: token });
    expect(right.status).toBe(200);
    const late = await post("/settle/invoice-1042", { result: 1 }, { [TOKEN]: "another" });
    expect(late.status).toBe(403);
  });

  test("asks for the token where the agent requires it, and elsewhere than on loopback", async () => {
    const agents = [
      { id: "strict", secret: "s-1", group: "a", requireSettlementToken: true },
      { id: "usual", secret: "s-2", group: "a" },
    ] as never;
    const { post } = await guardBench({}, agents);
    const strict = { "APCA-API-KEY-ID": "strict", "APCA-API-SECRET-KEY": "s-1" };
    const usual = { "APCA-API-KEY-ID": "usual", "APCA-API-SECRET-KEY": "s-2" };
    const { settlement_token: token } = (await post("/claim", PAY, strict)).body;
    const missing = await post("/settle/invoice-1042", { result: 1 }, strict);
    expect(missing).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "settlement_token_missing" } },
    });
    expect((await post("/release/invoice-1042", { evidence: "none" }, strict)).status).toBe(403);
    const shown = await post("/settle/invoice-1042", { result: 1 }, { ...strict, [TOKEN]: token });
    expect(shown.status).toBe(200);
    await post("/claim", { ...PAY, request_id: "r-2" }, usual);
    expect((await post("/settle/r-2", { result: 1 }, usual)).status).toBe(200);
    const all = await guardBench({ requireSettlementToken: true });
    await all.post("/claim", PAY);
    expect((await all.post("/settle/invoice-1042", { result: 1 })).status).toBe(403);
  });

  test("needs no token to release what nobody knows: it died with its owner", async () => {
    const { post, clock } = await guardBench({ requireSettlementToken: true });
    await post("/claim", PAY);
    const evidence = "the provider has no such payment";
    const early = await post("/release/invoice-1042", { evidence });
    expect(early.body.tradelatch.error).toBe("settlement_token_missing");
    clock.advance(LEASE_MS);
    const wrong = await post("/release/invoice-1042", { evidence }, { [TOKEN]: "another" });
    expect(wrong.status).toBe(403);
    expect((await post("/settle/invoice-1042", { result: 1 })).status).toBe(403);
    expect((await post("/release/invoice-1042", { evidence })).body).toMatchObject({
      ...{ status: "released", claim: { outcome: "absent", provenance: "caller", evidence } },
    });
    expect((await post("/claim", PAY)).body).toMatchObject({ status: "PROCEED", reopened: true });
  });

  test("takes results of up to 256 KiB, and keeps nothing of a larger one", async () => {
    const { post, get } = await guardBench();
    await post("/claim", PAY);
    const large = await post("/settle/invoice-1042", { result: "x".repeat(256 * 1_024) });
    expect(large.status).toBe(400);
    expect(large.body.message).toContain("262146 bytes, more than 262144");
    expect((await get("/claims/invoice-1042")).body.state).toBe("OPEN");
    const result = "x".repeat(256 * 1_024 - 2);
    expect((await post("/settle/invoice-1042", { result })).status).toBe(200);
    expect((await post("/claim", PAY)).body.existing.result).toBe(result);
  });

  test("puts a rejection on record, and an owner's not knowing as an incident", async () => {
    const { post, get } = await guardBench();
    await post("/claim", PAY);
    const rejected = await post("/settle/invoice-1042", { outcome: "rejected", result: "funds" });
    expect(rejected.body).toMatchObject({ status: "committed", outcome: "rejected" });
    expect((await post("/claim", PAY)).body).toMatchObject({
      ...{ status: "SKIP", existing: { outcome: "rejected", result: "funds" } },
    });
    const { settlement_token: token } = (await post("/claim", { ...PAY, request_id: "r-2" })).body;
    expect((await post("/settle/r-2", { outcome: "unknown" })).status).toBe(403);
    const unknown = await post("/settle/r-2", { outcome: "unknown" }, { [TOKEN]: token });
    expect(unknown.body).toMatchObject({ status: "unresolved", outcome: null });
    const asked = await post("/claim", { ...PAY, request_id: "r-2" });
    expect(asked.body).toMatchObject({ status: "PENDING", unresolved: true, incident: 1 });
    expect(asked.body.message).toContain("Unresolved: nobody knows");
    expect((await get("/claims/r-2")).body).toMatchObject({ unresolved: true, settled_at: null });
  });

  test("knows no action that was not claimed", async () => {
    const { post, get } = await guardBench();
    for (const answer of [
      await post("/settle/none", { result: 1 }),
      await post("/release/none", { evidence: "none" }),
      await get("/claims/none"),
    ]) {
      expect(answer).toMatchObject({
        ...{ status: 404, body: { tradelatch: { error: "claim_not_found" } } },
      });
    }
  });
});

describe("POST /release", () => {
  test("by the owner reopens, and a late settlement is refused and put on record", async () => {
    const { post } = await guardBench();
    const { settlement_token: token } = (await post("/claim", PAY)).body;
    const others = await post("/release/invoice-1042", { evidence: "we think so" });
    expect(others).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_claim_live" } } },
    });
    const evidence = "the provider answered 402 before anything moved";
    const released = await post("/release/invoice-1042", { evidence }, { [TOKEN]: token });
    expect(released.body).toMatchObject({
      ...{ status: "released", request_id: "invoice-1042", repeated: false },
      claim: { outcome: "absent", evidence, provenance: "owner" },
    });
    const late = await post("/settle/invoice-1042", { result: 1 }, { [TOKEN]: token });
    expect(late).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_claim_released" } } },
    });
    expect((await post("/claim", PAY)).body).toMatchObject({ status: "PENDING", unresolved: true });
  });

  test("by anybody with evidence reopens what nobody knows, once", async () => {
    const { post, clock } = await guardBench();
    await post("/claim", PAY);
    clock.advance(LEASE_MS);
    expect((await post("/claim", PAY)).body).toMatchObject({ status: "PENDING", unresolved: true });
    const evidence = "the provider has no such payment";
    expect((await post("/release/invoice-1042", { evidence })).status).toBe(200);
    const again = await Promise.all([post("/claim", PAY), post("/claim", PAY)]);
    expect(again.map(({ body }) => body.status).sort()).toEqual(["PENDING", "PROCEED"]);
    expect(again.find(({ body }) => body.status === "PROCEED")?.body.reopened).toBe(true);
  });

  test("for one attempt leaves another one as it stands", async () => {
    const { post, get, clock } = await guardBench();
    await post("/claim", PAY);
    clock.advance(LEASE_MS);
    const { attempt } = (await get("/claims/invoice-1042")).body;
    const found = { evidence: "the provider has no such payment", attempt };
    expect((await post("/release/invoice-1042", found)).status).toBe(200);
    await post("/claim", PAY);
    clock.advance(LEASE_MS);
    const late = await post("/release/invoice-1042", found);
    expect(late).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_other_attempt" } } },
    });
    expect(late.body.message).toBe('"invoice-1042" is at attempt 2, not 1');
    expect((await post("/claim", PAY)).body).toMatchObject({ status: "PENDING", unresolved: true });
    expect((await post("/release/invoice-1042", { ...found, attempt: 0 })).status).toBe(400);
    const standing = { ...found, attempt: 2 };
    expect((await post("/release/invoice-1042", standing)).body.status).toBe("released");
  });

  test("leaves nothing that a client takes for done: the action is open again", async () => {
    const { post, get } = await guardBench();
    await post("/claim", PAY);
    await post("/claim", { ...PAY, request_id: "r-2" });
    const { settlement_token: token } = (await post("/claim", { ...PAY, request_id: "r-3" })).body;
    await post("/settle/r-2", { result: 1 });
    const evidence = "the provider refused it";
    const { body } = await post("/release/r-3", { evidence }, { [TOKEN]: token });
    const open = { status: "PENDING", state: "SETTLED", outcome: "absent" };
    expect(body.claim).toMatchObject(open);
    expect((await get("/claims/r-3")).body).toMatchObject(open);
    const listed = async (status: string) => {
      const { items, total } = (await get(`/audit?status=${status}`)).body;
      return [items.map((item: { request_id: string }) => item.request_id), total];
    };
    expect(await listed("PENDING")).toEqual([["r-3", "invoice-1042"], 2]);
    expect(await listed("COMMITTED")).toEqual([["r-2"], 1]);
    expect(await listed("SETTLED")).toEqual([["r-3", "r-2"], 2]);
  });

  test("of what is settled changes nothing, and evidence is needed", async () => {
    const { post } = await guardBench();
    await post("/claim", PAY);
    expect((await post("/release/invoice-1042", {})).status).toBe(400);
    await post("/settle/invoice-1042", { result: 1 });
    expect(await post("/release/invoice-1042", { evidence: "no" })).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_claim_settled" } } },
    });
  });
});

describe("an id in a path", () => {
  test.each([
    "welcome/ada@example.com",
    "a%2Fb",
    "100%",
    "a;b",
    "a\\b",
    "日本 ü",
    "a?b#c&d=e+f",
    "x".repeat(512),
  ])("is %j, escaped as every client escapes it", async (request_id) => {
    const { post, get } = await guardBench();
    const name = encodeURIComponent(request_id);
    await post("/claim", { ...PAY, request_id });
    expect((await get(`/claims/${name}`)).body).toMatchObject({ request_id, state: "OPEN" });
    expect((await post(`/release/${name}`, { evidence: "x" })).status).toBe(409);
    const settled = await post(`/settle/${name}`, { result: 1 });
    expect(settled.body).toMatchObject({ status: "committed", request_id });
  });
});

describe("an id that cannot stand in a path", () => {
  test("is refused by its reason, also where its client has no key", async () => {
    const { post, get } = await guardBench();
    for (const name of ["a%00b", "a%0d%0ab", "%zz", "%ff"]) {
      const answers = [
        await post(`/settle/${name}`, { result: 1 }),
        await post(`/release/${name}`, { evidence: "x" }),
        await get(`/claims/${name}`),
      ];
      for (const { status, body } of answers) {
        expect(status, name).toBe(400);
        expect(body.tradelatch.error).toBe("path_refused");
      }
    }
    const { body } = await get("/claims/a%00b");
    expect(body.message).toContain("the id in the path holds a control character");
    const wrong = { "APCA-API-KEY-ID": "someone", "APCA-API-SECRET-KEY": "wrong" };
    expect((await get("/claims/a%00b", wrong)).status).toBe(401);
    expect((await get("/v2/orders%00")).status).toBe(401);
  });

  test("may come in the body, or in the query", async () => {
    const { post, get } = await guardBench();
    const request_id = "../a;b\\c%2F/日本";
    expect((await post("/claim", { ...PAY, request_id })).body.status).toBe("PROCEED");
    const query = `/claims?request_id=${encodeURIComponent(request_id)}`;
    expect((await get(query)).body).toMatchObject({ request_id, state: "OPEN" });
    expect((await post("/settle", { request_id, result: 1 })).body.status).toBe("committed");
    expect((await post("/release", { request_id, evidence: "x" })).status).toBe(409);
    expect((await post("/settle", { result: 1 })).status).toBe(400);
    const two = await post("/settle/other", { request_id, result: 1 });
    expect(two.body.message).toContain("in the body");
  });
});

describe("GET /claims/{id}", () => {
  test("waits for the owner's result, if asked", async () => {
    const { post, get } = await guardBench();
    await post("/claim", { ...PAY, agent_id: "worker-1", scope: "eu" });
    const waiting = get("/claims/invoice-1042?wait_ms=30000");
    await post("/settle/invoice-1042", { result: 7 });
    expect((await waiting).body).toEqual({
      ...{ request_id: "invoice-1042", agent_id: "worker-1", group: "default" },
      ...{ action: "payment.send", scope: "eu", status: "COMMITTED", state: "SETTLED" },
      ...{ unresolved: false, outcome: "done", provenance: "owner", evidence: null, attempt: 1 },
      ...{ late_word: false, result: 7, result_problem: null },
      ...{ claimed_at: "2026-05-21T13:42:00.000Z" },
      ...{ lease_until: "2026-05-21T13:57:00.000Z", settled_at: "2026-05-21T13:42:00.000Z" },
    });
    expect((await get("/claims/invoice-1042?wait_ms=-1")).status).toBe(400);
  });
});

describe("GET /audit", () => {
  test("takes a filter that is empty for none", async () => {
    const { post, get } = await guardBench();
    await post("/claim", PAY);
    const all = await get("/audit?agent_id=&action=&status=&from_ts=&to_ts=&limit=&offset=");
    expect(all).toMatchObject({ status: 200, body: { total: 1, limit: 100, offset: 0 } });
    expect((await get("/audit?limit=%20")).status).toBe(400);
  });

  test("is asked for every action and every caller that may be claimed", async () => {
    const { post, get } = await guardBench();
    const [action, agent_id] = ["a".repeat(512), "b".repeat(512)];
    await post("/claim", { request_id: "r-1", action, agent_id });
    expect((await get(`/audit?action=${action}`)).body.total).toBe(1);
    expect((await get(`/audit?agent_id=${agent_id}`)).body.total).toBe(1);
    expect((await get(`/audit?action=${action}a`)).status).toBe(400);
  });

  test("lists claims as those clients know them, by their filters and in pages", async () => {
    const { post, get, clock } = await guardBench();
    for (const [n, agent_id] of ["w-1", "w-2", "w-1"].entries()) {
      await post("/claim", { request_id: `r-${n}`, action: n === 2 ? "mail" : "pay", agent_id });
      clock.advance(1_000);
    }
    await post("/claim", { request_id: "r-0", action: "pay" });
    await post("/settle/r-0", { result: 1 });
    const { body } = await get("/audit?limit=2");
    expect(body).toMatchObject({ total: 3, limit: 2, offset: 0 });
    expect(body.items).toMatchObject([
      { request_id: "r-2", agent_id: "w-1", action: "mail", status: "PENDING", state: "OPEN" },
      { request_id: "r-1", agent_id: "w-2", action: "pay", status: "PENDING", state: "OPEN" },
    ]);
    const ids = async (query: string) => {
      const { items, total } = (await get(`/audit?${query}`)).body;
      return [items.map((item: { request_id: string }) => item.request_id).join(" "), total];
    };
    expect(await ids("limit=2&offset=2")).toEqual(["r-0", 3]);
    expect(await ids("agent_id=w-1")).toEqual(["r-2 r-0", 2]);
    expect(await ids("action=pay&status=PENDING")).toEqual(["r-1", 1]);
    expect(await ids("status=COMMITTED")).toEqual(["r-0", 1]);
    expect(await ids("status=OPEN&agent_id=w-2")).toEqual(["r-1", 1]);
    const second = Date.parse("2026-05-21T13:42:01Z");
    expect(await ids(`from_ts=${second}&to_ts=${second / 1_000 + 1}`)).toEqual(["r-1", 1]);
    expect(await ids("status=SKIP")).toEqual(["", 0]);
  });
});

describe("a sidecar without a broker", () => {
  test("takes guard clients without a key on loopback, and nothing else of theirs", async () => {
    const { get, post } = await guardBench();
    expect((await get("/healthz")).status).toBe(200);
    for (const path of ["/latch/v1/claims", "/v2/orders", "/latch/v1/incidents", "/metrics"]) {
      expect((await get(path)).status, path).toBe(401);
    }
    expect((await post("/latch/v1/orders", {})).status).toBe(401);
    const wrong = { "APCA-API-KEY-ID": "someone", "APCA-API-SECRET-KEY": "wrong" };
    expect((await post("/claim", PAY, wrong)).status).toBe(401);
    const foreign = { origin: "http://evil.example" };
    expect((await post("/claim", PAY, foreign)).status).toBe(403);
  });

  test("asks for a key where any agent has one, and keeps agent groups apart", async () => {
    const agents = [
      { id: "one", secret: "s-1", group: "a" },
      { id: "two", secret: "s-2", group: "b" },
    ] as never;
    const { get, post } = await guardBench({}, agents);
    expect((await post("/claim", PAY)).status).toBe(401);
    expect((await get("/audit")).status).toBe(401);
    const one = { authorization: "Bearer s-1" };
    const two = { authorization: "Bearer s-2" };
    expect((await post("/claim", PAY, one)).body.status).toBe("PROCEED");
    expect((await post("/claim", PAY, two)).body.status).toBe("PROCEED");
    expect((await get("/claims/invoice-1042", two)).body.group).toBe("b");
  });

  test("is ready, and tells a bot that there is no broker", async () => {
    const agents = [{ id: "one", secret: "s-1", group: "a" }] as never;
    const { get, post } = await guardBench({}, agents);
    const key = { authorization: "Bearer s-1" };
    expect((await get("/readyz", key)).body).toMatchObject({ isReady: true });
    for (const answer of [
      await get("/v2/positions", key),
      await post("/v2/orders", { symbol: "TQQQ", qty: "6", side: "buy", type: "market" }, key),
      await post("/latch/v1/orders", { intent: { symbol: "TQQQ" } }, key),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 40490002 } });
    }
    expect((await get("/latch/v1/status", key)).body).toMatchObject({
      ...{ ready: true, broker: { kind: "none", health: "ok" }, latch: { account: "guard" } },
    });
    expect((await get("/latch/v1/config", key)).body).toMatchObject({ brokerUrl: "none" });
    for (const path of [
      "/latch/v1/session",
      "/latch/v1/positions",
      "/latch/v1/books",
      "/metrics",
    ]) {
      expect((await fetchOk(get, path, key)).status, path).toBe(200);
    }
  });
});

async function fetchOk(
  get: (path: string, headers: Record<string, string>) => Promise<{ status: number }>,
  path: string,
  key: Record<string, string>,
): Promise<{ status: number }> {
  return get(path, key).catch((error: unknown) => {
    // Metrics are no JSON.
    if (error instanceof SyntaxError) return { status: 200 };
    throw error;
  });
}
