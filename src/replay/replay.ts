/** Runs a session in both worlds, side by side on one machine, and reports what came of it. */
import type { Clock } from "../core/clock.ts";
import { runGuardedWorld } from "./guarded-world.ts";
import type { ReplayReport, TimelineRow } from "./report.ts";
import type { Session } from "./session.ts";
import { tallyGuarded, tallyUnguarded } from "./tally.ts";
import { timelineOf } from "./timeline.ts";
import { runUnguardedWorld } from "./unguarded-world.ts";

export interface Replay {
  readonly report: ReplayReport;
  readonly timeline: readonly TimelineRow[];
}

/** `clock` only measures how long it took; the session has a time of its own. */
export async function replaySession(session: Session, clock: Clock): Promise<Replay> {
  const startedAt = clock.now();
  const unguarded = await runUnguardedWorld(session);
  const guarded = await runGuardedWorld(session);
  const report: ReplayReport = {
    session: session.session,
    unguarded: tallyUnguarded(session, unguarded),
    guarded: tallyGuarded(session, guarded),
    elapsedMs: clock.now() - startedAt,
  };
  return { report, timeline: timelineOf(session, unguarded, guarded) };
}
