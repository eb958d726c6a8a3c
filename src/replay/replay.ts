/** Runs a session in both worlds, side by side on one machine, and reports what came of it. */
import type { Clock } from "../core/clock.ts";
import { runGuardedWorld } from "./guarded-world.ts";
import { type IncidentRow, incidentRows } from "./incident-rows.ts";
import { incidentsOf, reportedIncident } from "./ledger-incidents.ts";
import type { ReplayReport, TimelineRow } from "./report.ts";
import type { Session } from "./session.ts";
import { refuseHeldAnswers } from "./session-broker.ts";
import { tallyGuarded, tallyUnguarded } from "./tally.ts";
import { timelineOf } from "./timeline.ts";
import { runUnguardedWorld } from "./unguarded-world.ts";

export interface Replay {
  readonly session: Session;
  readonly report: ReplayReport;
  readonly timeline: readonly TimelineRow[];
  readonly incidents: readonly IncidentRow[];
}

/**
 * `clock` only measures how long it took; the session has a time of its own. When `stop` aborts,
 * the replay ends its processes, removes its files and rejects with the signal's reason.
 *
 * Throws LatchError `invalid_session` for a fault that cannot be replayed, `replay_failed` when a
 * process fails.
 */
export async function replaySession(
  session: Session,
  clock: Clock,
  stop: AbortSignal = new AbortController().signal,
): Promise<Replay> {
  refuseHeldAnswers(session);
  const startedAt = clock.now();
  try {
    const unguarded = await runUnguardedWorld(session, stop);
    const guarded = await runGuardedWorld(session, stop);
    const found = incidentsOf(guarded.ledger.events);
    const report: ReplayReport = {
      session: session.session,
      unguarded: tallyUnguarded(session, unguarded),
      guarded: tallyGuarded(session, guarded),
      incidents: found.map((incident) => reportedIncident(session, incident)),
      elapsedMs: clock.now() - startedAt,
    };
    const timeline = timelineOf(session, unguarded, guarded);
    return { session, report, timeline, incidents: incidentRows(session, unguarded, guarded) };
  } catch (error) {
    // What fails because the replay is being ended is no failure of its own.
    stop.throwIfAborted();
    throw error;
  }
}
