/** Guard clients that hang up before they are answered. */
import { expect, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { claimed } from "../../src/sidecar/native-guard.ts";
import { guardWorld, PAYMENT } from "../guard/guard-world.ts";

const AGENT = "payments" as AgentId;
const BODY = { request_id: PAYMENT.requestId, action: PAYMENT.action };
const GONE = AbortSignal.abort();
const THERE = new AbortController().signal;

test("an action that nobody was told to do is the next caller's, and not a person's", async () => {
  const { guard } = await guardWorld();
  const ports = { guard: () => guard };
  await claimed(ports, AGENT, BODY, GONE);
  expect(await guard.get(PAYMENT.requestId)).toMatchObject({
    ...{ outcome: "absent", provenance: "owner" },
    evidence: "its caller had gone before it was answered, and nobody was told to proceed",
  });
  expect(await claimed(ports, AGENT, BODY, THERE)).toMatchObject({ kind: "proceed" });
});

test("an action that another caller was told to do stays that one's", async () => {
  const { guard } = await guardWorld();
  const ports = { guard: () => guard };
  await claimed(ports, AGENT, BODY, THERE);
  expect(await claimed(ports, AGENT, BODY, GONE)).toMatchObject({ kind: "pending" });
  expect(await guard.get(PAYMENT.requestId)).toMatchObject({ status: "OPEN", fencing: 1 });
});
