/** What goes wrong along the stream, for whoever logs it: kinds, never credentials or frames. */

export interface StreamProblem {
  readonly kind:
    | "connection_lost"
    | "connection_silent"
    | "connection_refused"
    | "unauthorized"
    | "unreadable_frame"
    | "catch_up_failed"
    | "hook_failed"
    | "hook_late"
    | "feed_overflow"
    | "listener_slow"
    | "listener_silent";
  readonly cause?: unknown;
}

export type ReportProblem = (problem: StreamProblem) => void;
