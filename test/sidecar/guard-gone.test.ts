/** Guard clients that hang up before they are answered. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { AgentId } from "../../src/core/ids.ts";
import { claimed } from "../../src/sidecar/native-guard.ts";
import { guardWorld, PAYMENT } from "../guard/guard-world.ts";
import { Database } from "../sqlite-database.ts";
import { guardBench } from "./guard-bench.ts";

const AGENT = "payments" as AgentId;
const BODY = { request_id: PAYMENT.requestId, action: PAYMENT.action };
const GONE = AbortSignal.abort();
const THERE = new AbortController().signal;

test("an action that nobody was told to do is the next caller's, and not a person's", async () => {
  const { guard, clock } = await guardWorld();
  const ports = { guard: () => guard, clock };
  await claimed(ports, AGENT, BODY, GONE);
  expect(await guard.get(PAYMENT.requestId)).toMatchObject({
    ...{ outcome: "absent", provenance: "owner" },
    evidence: "its caller had gone before it was answered, and nobody was told to proceed",
  });
  expect(await claimed(ports, AGENT, BODY, THERE)).toMatchObject({ kind: "proceed" });
});

test("an action that another caller was told to do stays that one's", async () => {
  const { guard, clock } = await guardWorld();
  const ports = { guard: () => guard, clock };
  await claimed(ports, AGENT, BODY, THERE);
  expect(await claimed(ports, AGENT, BODY, GONE)).toMatchObject({ kind: "pending" });
  expect(await guard.get(PAYMENT.requestId)).toMatchObject({ status: "OPEN", fencing: 1 });
});

test("an action that nobody was told to do is given back as soon as the store takes that", async () => {
  const { guard, clock, store } = await guardWorld();
  const other = new Database(store);
  onTestFinished(() => {
    other.close();
  });
  const gone = {
    get aborted() {
      other.exec(
        `CREATE TRIGGER IF NOT EXISTS broken BEFORE INSERT ON events
           BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END`,
      );
      return true;
    },
  };
  const over = claimed({ guard: () => guard, clock }, AGENT, BODY, gone).then(
    () => "given back",
    (error: unknown) => error,
  );
  await Promise.race([over, clock.untilSleeping()]);
  other.exec("DROP TRIGGER broken");
  clock.advance(250);
  expect(await over).toBe("given back");
  expect(await guard.get(PAYMENT.requestId)).toMatchObject({ outcome: "absent" });
});

test("who hangs up while its claim is written is told nothing, and the next caller proceeds", async () => {
  const { url, get, post } = await guardBench();
  const { host, hostname, port } = new URL(url);
  const text = JSON.stringify(BODY);
  const head = `POST /claim HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${text.length}\r\n\r\n`;
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  // Before the sidecar has read a byte of it: it commits the claim and then sees that nobody is there.
  socket.write(head + text, () => socket.destroy());
  let claim = await get(`/claims/${PAYMENT.requestId}`);
  for (let looks = 0; looks < 100 && claim.body.outcome !== "absent"; looks += 1) {
    claim = await get(`/claims/${PAYMENT.requestId}`);
  }
  expect(claim.body).toMatchObject({ outcome: "absent", provenance: "owner" });
  expect((await post("/claim", BODY)).body).toMatchObject({ status: "PROCEED", reopened: true });
});
