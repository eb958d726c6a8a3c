/** Over HTTP: what an owner says late, or says while others wait for it. */
import { describe, expect, test } from "vitest";
import { LEASE_MS } from "../guard/guard-world.ts";
import { guardBench, TOKEN } from "./guard-bench.ts";

const PAY = { request_id: "invoice-1042", action: "payment.send" };

describe("an owner whose attempt was released after its lease", () => {
  async function released() {
    const bench = await guardBench();
    const { settlement_token: token } = (await bench.post("/claim", PAY)).body;
    bench.clock.advance(LEASE_MS);
    await bench.post("/release/invoice-1042", { evidence: "support says so" });
    const settle = (body: object) => bench.post("/settle/invoice-1042", body, { [TOKEN]: token });
    return { ...bench, settle };
  }

  test("and says that it does not know is refused, and nobody proceeds", async () => {
    const { post, get, settle } = await released();
    expect(await settle({ outcome: "unknown" })).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_claim_released" } } },
    });
    const next = await post("/claim", PAY);
    expect(next.body).toMatchObject({ status: "PENDING", unresolved: true, incident: 1 });
    expect((await get("/claims/invoice-1042")).body.evidence).toBe(
      "whoever held the attempt that was released does not know whether it was absent",
    );
  });

  test("is not answered by that release, sent again since its answer was lost", async () => {
    const { post, get, settle } = await released();
    const found = { evidence: "support says so", attempt: 1 };
    expect((await get("/claims/invoice-1042")).body).toMatchObject({ late_word: false });
    await settle({ result: { id: "p-1" } });
    expect(await post("/release/invoice-1042", found)).toMatchObject({
      ...{ status: 409, body: { tradelatch: { error: "guard_late_word" } } },
    });
    const next = await post("/claim", PAY);
    expect(next.body).toMatchObject({ status: "PENDING", unresolved: true, incident: 1 });
    const { attempt, late_word } = (await get("/claims/invoice-1042")).body;
    expect(late_word).toBe(true);
    const looked = { evidence: "the provider shows none", attempt, late_word };
    const answered = await post("/release/invoice-1042", looked);
    expect(answered.body).toMatchObject({ status: "released", claim: { late_word: false } });
    expect((await post("/claim", PAY)).body).toMatchObject({ status: "PROCEED", reopened: true });
  });
});

test("who waits for an owner that gives up is told of the incident", async () => {
  const { post, clock } = await guardBench();
  const { settlement_token: token } = (await post("/claim", PAY)).body;
  const waiting = post("/claim", { ...PAY, wait_ms: 30_000 });
  await clock.untilSleeping();
  await post("/settle/invoice-1042", { outcome: "unknown" }, { [TOKEN]: token });
  expect((await waiting).body).toMatchObject({ status: "PENDING", unresolved: true, incident: 1 });
});
