import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/simulator/index.ts";
import { claimRecord } from "../faults/ledger-record.ts";
import {
  HELD,
  KEYS,
  ORDER,
  type OrderWorld,
  openOrderWorld,
  SELL,
  type StartedSidecar,
} from "../sidecar/orders-world.ts";

const MISMATCH: Fault = {
  ...{ kind: "refuse", status: 422, code: 42_210_000 },
  message: "position intent mismatch, inferred: sell_to_open, specified: sell_to_close",
};

async function refusedExit(options: object = HELD, fault: Fault = MISMATCH, body: object = SELL) {
  const world = await openOrderWorld(options);
  const sidecar = await world.open();
  world.fault(fault);
  const answer = await world.send(sidecar, body);
  return { world, sidecar, answer };
}

async function onlyIncident(sidecar: StartedSidecar) {
  const incidents = await sidecar.started.latch.incidents();
  expect(incidents).toHaveLength(1);
  return incidents[0];
}

/** Somebody trades past the latch. */
async function byHand(world: OrderWorld, body: object): Promise<string> {
  const url = `${world.simulator.url}/v2/orders`;
  const made = await fetch(url, { method: "POST", headers: KEYS, body: JSON.stringify(body) });
  expect(made.status).toBe(200);
  return ((await made.json()) as { id: string }).id;
}

describe("an exit that the broker refused", () => {
  test("is told of in the log, once when it is in question and once when it is not", async () => {
    const { world } = await refusedExit();
    await world.advance(40_000);
    const lines = world.log
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => String(msg).startsWith("incident "));
    expect(lines).toMatchObject([
      { level: 40, msg: "incident opened", incident: 1, kind: "refused_exit", symbol: "TQQQ" },
      { level: 30, msg: "incident resolved", incident: 1, verdict: "still_held" },
    ]);
  });

  test("opens an incident, is latched, and while it is in question nothing more is sent", async () => {
    const { world, sidecar, answer } = await refusedExit();
    expect(answer.status).toBe(422);
    expect(await onlyIncident(sidecar)).toMatchObject({
      kind: "refused_exit",
      symbol: "TQQQ",
      resolution: null,
      summary: expect.stringContaining("refused to sell 6 TQQQ: 422 position intent mismatch"),
    });
    for (let nth = 0; nth < 3; nth += 1) {
      expect((await world.send(sidecar, SELL)).body.tradelatch.error).toBe(
        "exit_duplicate_after_422",
      );
    }
    expect(world.posts()).toHaveLength(1);
  });

  test("may be sent again once its shares are proved held and free, and then is filled", async () => {
    const { world, sidecar } = await refusedExit();
    await world.advance(20_000);
    expect(await onlyIncident(sidecar)).toMatchObject({
      resolution: { verdict: "still_held", provenance: "venue" },
    });
    expect(await world.claims(sidecar)).toEqual([]);
    expect((await world.send(sidecar, SELL)).status).toBe(200);
    await world.advance(5_000);
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "0", reservations: [] });
    expect(world.posts()).toHaveLength(2);
  });

  test.each([
    ["its own client_order_id", { client_order_id: "exit-of-the-day" }, {}],
    ["an Idempotency-Key", {}, { headers: { "Idempotency-Key": "exit-of-the-day" } }],
  ])("may be sent again under %s, each time it was proved held", async (_, name, request) => {
    const body = { ...SELL, ...name };
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    for (let refusals = 1; refusals <= 2; refusals += 1) {
      world.fault(MISMATCH);
      expect((await world.send(sidecar, body, request)).status).toBe(422);
      const during = await world.send(sidecar, body, request);
      expect(during.body.tradelatch.error).toBe("exit_duplicate_after_422");
      await world.advance(20_000);
      expect(world.posts()).toHaveLength(refusals);
    }
    expect((await world.send(sidecar, body, request)).status).toBe(200);
    await world.advance(5_000);
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "0", reservations: [] });
    expect((await world.send(sidecar, body, request)).headers.get("tradelatch-status")).toBe(
      "SKIP",
    );
    expect(world.posts()).toHaveLength(3);
  });

  test("is concluded where the position is gone, by whom the orders show", async () => {
    const { world, sidecar } = await refusedExit();
    await byHand(world, SELL);
    await world.advance(20_000);
    expect(await onlyIncident(sidecar)).toMatchObject({
      resolution: { verdict: "already_flat", provenance: "venue" },
    });
    const { latch } = sidecar.started;
    expect(await latch.book("TQQQ")).toMatchObject({ net: "0", reservations: [] });
    const again = await world.send(sidecar, SELL);
    expect(again).toMatchObject({
      status: 403,
      body: { tradelatch: { error: "close_while_flat" } },
    });
    expect(again.body.tradelatch.cause).not.toBeNull();
    expect((await world.send(sidecar, ORDER)).status).toBe(200);
  });

  test("ends where the position has changed elsewhere, and the book takes it over", async () => {
    const { world, sidecar } = await refusedExit();
    await byHand(world, { ...SELL, qty: "2" });
    await world.advance(20_000);
    expect(await onlyIncident(sidecar)).toMatchObject({
      resolution: { verdict: "changed_elsewhere" },
    });
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "4", reservations: [] });
  });

  test.each([
    "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria",
    "stop_loss.stop_price must be <= base_price - 0.01",
  ])("ends at once where the order itself cannot be taken: %s", async (message) => {
    const { world, sidecar } = await refusedExit(HELD, {
      ...{ kind: "refuse", status: 422, code: 42_210_000, message },
    });
    await world.advance(3_000);
    expect(await onlyIncident(sidecar)).toMatchObject({ resolution: { verdict: "malformed" } });
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "6", reservations: [] });
    expect((await world.send(sidecar, { ...SELL, client_order_id: "another" })).status).toBe(200);
  });

  test("takes no position that lags behind another exit's fill for a change of its own", async () => {
    const { world, sidecar } = await refusedExit(HELD, MISMATCH, { ...SELL, qty: "3" });
    world.simulator.addFaults([
      {
        match: { method: "GET", path: "/v2/positions*" },
        fault: { kind: "position_lag", lagMs: 20_000 },
        times: 1_000,
      },
    ]);
    expect((await world.send(sidecar, { ...SELL, qty: "1" })).status).toBe(200);
    await world.advance(18_000);
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "5" });
    expect(await onlyIncident(sidecar)).toMatchObject({ resolution: null });
    await world.advance(30_000);
    expect(await onlyIncident(sidecar)).toMatchObject({ resolution: { verdict: "still_held" } });
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "5" });
  });

  test("takes the shares of an exit that surfaces after its proof of absence for no change", async () => {
    const { world, sidecar } = await refusedExit(HELD, MISMATCH, { ...SELL, qty: "3" });
    world.fault({ kind: "accept_then_drop" });
    world.fault({ kind: "client_id_lag", lagMs: 40_000 });
    world.fault({ kind: "list_lag", lagMs: 40_000 });
    expect((await world.send(sidecar, { ...SELL, qty: "1" })).status).toBe(409);
    await world.advance(35_000);
    expect(await claimRecord(sidecar)).toContain("sell 1 absent venue");
    expect(await sidecar.started.latch.incidents()).toMatchObject([
      { kind: "lost_exit", resolution: null },
      { kind: "refused_exit", resolution: null },
    ]);
    await world.advance(60_000);
    expect((await sidecar.started.latch.incidents()).map(({ resolution }) => resolution)).toEqual(
      expect.arrayContaining([expect.objectContaining({ verdict: "still_held" })]),
    );
    expect(await sidecar.started.latch.book("TQQQ")).toMatchObject({ net: "5" });
  });

  test("waits for the order that holds its shares, and is free when that has ended", async () => {
    const world = await openOrderWorld(HELD);
    const sidecar = await world.open();
    const stop = await byHand(world, { ...SELL, type: "stop", stop_price: "60" });
    const refused = await world.send(sidecar, SELL);
    expect(refused).toMatchObject({ status: 403, body: { code: 40_310_000 } });
    await world.advance(60_000);
    expect(await onlyIncident(sidecar)).toMatchObject({
      resolution: null,
      evidence: [{ text: expect.stringContaining(stop) }],
    });
    await fetch(`${world.simulator.url}/v2/orders/${stop}`, { method: "DELETE", headers: KEYS });
    await world.advance(60_000);
    expect(await onlyIncident(sidecar)).toMatchObject({ resolution: { verdict: "still_held" } });
    expect((await world.send(sidecar, SELL)).status).toBe(200);
  });

  test("stays in question while the broker's answers are unreadable pages", async () => {
    const { world, sidecar } = await refusedExit();
    world.simulator.addFaults([
      {
        match: { method: "GET", path: "/v2/positions/*" },
        fault: { kind: "html", status: 404, accept: false },
        times: 1_000,
      },
    ]);
    await world.advance(120_000);
    expect(await onlyIncident(sidecar)).toMatchObject({ resolution: null });
    expect((await world.claims(sidecar))[0]).toMatchObject({ status: "IN_RECONCILIATION" });
    world.simulator.clearFaults();
    await world.advance(60_000);
    expect(await onlyIncident(sidecar)).toMatchObject({ resolution: { verdict: "still_held" } });
  });

  test("never keeps an entry out, and the entry's answer names the incident", async () => {
    const { world, sidecar } = await refusedExit();
    const entry = await world.send(sidecar, { ...ORDER, qty: "2" });
    expect(entry.status).toBe(200);
    expect(entry.headers.get("tradelatch-incident")).toBe("1");
  });
});
