/**
 * The guard of old, as far as the record tells of it: insert a key if it is absent, and answer SKIP
 * where it is not. Three things were wrong with it, and are here as they were: exits had no claim,
 * it failed open when the claim could not be written, and its SKIP did not say that nothing was
 * bought. That two callers in the same moment both got past it is not shown: here one comes first.
 */
import type { OrderEvent } from "./session.ts";

export type GuardAnswer =
  /** The key was free and is now taken. */
  | "claimed"
  /** The key could not be written; the order goes out all the same. */
  | "failed_open"
  | "skip"
  /** There is no claim for what is asked. */
  | "not_asked";

export class OldGuard {
  readonly #keys = new Set<string>();
  #canWrite = true;

  /** From now on no key can be written. */
  fail(): void {
    this.#canWrite = false;
  }

  recover(): void {
    this.#canWrite = true;
  }

  ask(event: OrderEvent): GuardAnswer {
    if (event.effect === "close") return "not_asked";
    const key = JSON.stringify([event.symbol, event.side, event.bar, event.stage]);
    if (this.#keys.has(key)) return "skip";
    if (!this.#canWrite) return "failed_open";
    this.#keys.add(key);
    return "claimed";
  }
}
