/** A sidecar on a disk that the test strains, and a bot that goes on ordering meanwhile. */
import { expect } from "vitest";
import { IDENTITIES, type OrderKind, type PlacedOrder } from "./crash-world.ts";
import { DiskWorld } from "./disk-world.ts";
import type { Answer, KillableProgram } from "./killable-program.ts";

export class StrainedSidecar {
  readonly diskWorld: DiskWorld;
  program: KillableProgram;
  #orders = 0;

  private constructor(diskWorld: DiskWorld, program: KillableProgram) {
    this.diskWorld = diskWorld;
    this.program = program;
  }

  /** With a claim that was taken before, which has to be there after every strain. */
  static async open(kind: OrderKind, words?: readonly string[]): Promise<StrainedSidecar> {
    const diskWorld = await DiskWorld.open(kind, words);
    const sidecar = new StrainedSidecar(diskWorld, await diskWorld.world.start());
    await sidecar.expectTaken(sidecar.nextOrder());
    return sidecar;
  }

  get world() {
    return this.diskWorld.world;
  }

  get disk() {
    return this.diskWorld.disk;
  }

  nextOrder(): PlacedOrder {
    this.#orders += 1;
    return this.world.order(IDENTITIES[this.#orders % IDENTITIES.length] ?? "no id");
  }

  /** The bot is told that nothing was sent, and why; and nothing was. */
  expectNotTaken(order: PlacedOrder, answer: Answer | "cut", code: string): void {
    expect(answer).toMatchObject({ status: 409, body: { tradelatch: { error: code } } });
    expect(answer).toMatchObject({ body: { message: expect.stringContaining("sent no order") } });
    expect(this.world.posts(order)).toEqual([]);
  }

  /** The bot's repeats come to one order, and everything agrees. */
  async expectTaken(order: PlacedOrder): Promise<void> {
    const answer = await this.world.insist(this.program, order);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(this.world.ordersOf(order).map(({ id }) => id)).toEqual([answer.body.id]);
    expect(this.world.posts(order)).toHaveLength(1);
    await this.world.expectAgreement(this.program);
  }

  close(): Promise<void> {
    return this.diskWorld.close();
  }
}
