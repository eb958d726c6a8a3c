/** Puts together what the status page shows, also while there is no latch yet. */
import type { Latch } from "../latch.ts";
import type { NativePorts } from "./native-ports.ts";
import type { ReadinessProbe } from "./readiness.ts";
import type { StreamHealth } from "./stream-service.ts";

export interface StatusSourceParts {
  readonly readiness: Pick<ReadinessProbe, "read">;
  readonly started: () => Pick<Latch, "account" | "operator"> | undefined;
  readonly stream: () => StreamHealth;
}

/** A page that is looked at all day asks the broker, and syncs the store, no more than this. */
const HEALTH_STANDS_MS = 15_000;

export function statusSource(
  { readiness, started, stream }: StatusSourceParts,
  places: { readonly brokerUrl: string; readonly store: string },
): NativePorts["status"] {
  return async () => {
    const latch = started();
    const health = await readiness.read(HEALTH_STANDS_MS);
    const state = latch && { account: latch.account, ...(await latch.operator.state()) };
    return { ...places, readiness: health, stream: stream(), latch: state };
  };
}
