import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CrashWorld } from "./crash-world.ts";

/** More than a test can last. */
const ALWAYS = 1_000_000;

describe("a start after kill -9 while the broker is away", () => {
  let world: CrashWorld;
  beforeAll(async () => {
    world = await CrashWorld.open();
  });
  afterAll(() => world.close());

  test("answers what it knows, sends nothing, and goes on when the broker is back", async () => {
    const [known, nameless, lost] = [
      world.order("its own id"),
      world.order("no id"),
      world.order("an Idempotency-Key"),
    ];
    const first = await world.program();
    const given = [await world.insist(first, known), await world.insist(first, nameless)];
    world.fault({ kind: "accept_then_hang" });
    const cut = first.send(lost);
    await world.until(() => world.ordersOf(lost).length === 1);
    await first.kill();
    expect(await cut).toBe("cut");
    world.broker.addFaults([{ match: {}, fault: { kind: "drop" }, times: ALWAYS }]);
    const second = world.begin();
    await second.untilSaid(/Listening on /);
    for (const [index, order] of [known, nameless].entries()) {
      const repeat = await second.send(order);
      expect(repeat).toMatchObject({ status: 200, body: { id: given[index]?.body.id } });
    }
    const unknown = await second.send(lost);
    expect(unknown).toMatchObject({ status: 409, body: { tradelatch: { status: "PENDING" } } });
    const newcomer = world.order("no id");
    const refused = await second.send(newcomer);
    expect(refused).toMatchObject({ body: { tradelatch: { error: "not_started" } } });
    expect(refused).toMatchObject({ body: { message: expect.stringContaining("sent no order") } });
    expect(world.posts(newcomer)).toEqual([]);
    world.broker.clearFaults();
    await second.untilSaid(/Claims picked up[^\n]*\n/);
    const found = await world.insist(second, lost);
    expect(found).toMatchObject({ status: 200, body: { id: world.ordersOf(lost)[0]?.id } });
    expect((await world.insist(second, newcomer)).status).toBe(200);
    for (const order of [known, nameless, lost, newcomer]) {
      expect(world.posts(order)).toHaveLength(1);
    }
  });

  test("has cost nothing: store and broker agree to the last share", () => world.verify());
});
