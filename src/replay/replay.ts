/** Runs a session in both worlds, side by side on one machine, and reports what came of it. */
import type { Clock, EpochMs } from "../core/clock.ts";
import { runGuardedWorld } from "./guarded-world.ts";
import { type IncidentRow, incidentRows } from "./incident-rows.ts";
import { incidentsOf, reportedIncident } from "./ledger-incidents.ts";
import type { ReplayReport, TimelineRow } from "./report.ts";
import type { Session } from "./session.ts";
import { endOf, refuseHeldAnswers } from "./session-broker.ts";
import { sessionSteps } from "./session-steps.ts";
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
 * `onProgress` hears which part of the work is done, from 0 to 1.
 *
 * Throws LatchError `invalid_session` for a fault that cannot be replayed, `replay_failed` when a
 * process fails.
 */
export async function replaySession(
  session: Session,
  clock: Clock,
  stop: AbortSignal = new AbortController().signal,
  onProgress: (part: number) => void = () => undefined,
): Promise<Replay> {
  refuseHeldAnswers(session);
  const startedAt = clock.now();
  try {
    const [from, end] = [sessionSteps(session)[0]?.at ?? 0, endOf(session)];
    const progress = (worldsDone: number) => (at: EpochMs) =>
      onProgress((worldsDone + Math.max(0, at - from) / (end - from)) / 2);
    const unguarded = await runUnguardedWorld(session, stop, progress(0));
    const guarded = await runGuardedWorld(session, stop, progress(1));
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
