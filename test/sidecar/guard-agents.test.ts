/** Over HTTP: an action belongs to its agent group, whatever is asked of it. */
import { expect, test } from "vitest";
import { guardBench, TOKEN } from "./guard-bench.ts";

const PAY = { request_id: "invoice-1042", action: "payment.send" };
const ONE = { authorization: "Bearer s-1" };
const TWO = { authorization: "Bearer s-2" };

/** The action is over for one group, and the other one's own has just begun. */
async function twoGroups() {
  const agents = [
    { id: "one", secret: "s-1", group: "a" },
    { id: "two", secret: "s-2", group: "b" },
  ] as never;
  const bench = await guardBench({}, agents);
  const { settlement_token: first } = (await bench.post("/claim", PAY, ONE)).body;
  await bench.post("/settle/invoice-1042", { result: "of one" }, { ...ONE, [TOKEN]: first });
  const { settlement_token: token } = (await bench.post("/claim", PAY, TWO)).body;
  return { ...bench, owner: { ...TWO, [TOKEN]: token } };
}

test("who waits for an owner gets the result of its own group", async () => {
  const { get, post, owner } = await twoGroups();
  const claimed = post("/claim", { ...PAY, wait_ms: 30_000 }, TWO);
  const looked = get("/claims/invoice-1042?wait_ms=30000", TWO);
  await post("/settle/invoice-1042", { result: "of two" }, owner);
  expect((await claimed).body).toMatchObject({ status: "SKIP", existing: { result: "of two" } });
  expect((await looked).body).toMatchObject({ group: "b", result: "of two" });
});

test("an owner that does not know, or gives it back, says so of its own group's", async () => {
  const { get, post, owner } = await twoGroups();
  const doubted = await post("/settle/invoice-1042", { outcome: "unknown" }, owner);
  expect(doubted.body).toMatchObject({ status: "unresolved", claim: { group: "b" } });
  const released = await post("/release/invoice-1042", { evidence: "refused" }, owner);
  expect(released.body).toMatchObject({ status: "released", claim: { group: "b" } });
  expect((await get("/claims/invoice-1042", ONE)).body).toMatchObject({ outcome: "done" });
});
