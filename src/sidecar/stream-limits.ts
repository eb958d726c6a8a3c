/** Every bound of the relay towards its listeners, by name. */
export interface StreamLimits {
  /** Authenticated clients at once. */
  readonly listeners: number;
  /** Clients that have not shown a good key; the oldest makes room for the newest. */
  readonly strangers: number;
  /** From the connection to a good key. */
  readonly authenticationMs: number;
  /** Frames from a client; they hold a key or a list of streams. */
  readonly clientFrameBytes: number;
  /** What a client may leave unread before it is cut. */
  readonly bufferedBytes: number;
  /** How long a request to listen may wait for the broker; clients give up after 30 s. */
  readonly listenAnswerMs: number;
  /** Requests to listen of one client that may wait. */
  readonly unansweredListens: number;
  /** A client that gives no sign of life from one probe to the next is cut. */
  readonly probeIntervalMs: number;
  /** How long a client may take to answer our farewell. */
  readonly farewellMs: number;
}

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  listeners: 64,
  strangers: 32,
  authenticationMs: 10_000,
  clientFrameBytes: 16 * 1_024,
  bufferedBytes: 1_024 * 1_024,
  listenAnswerMs: 20_000,
  unansweredListens: 16,
  probeIntervalMs: 30_000,
  farewellMs: 1_000,
};
