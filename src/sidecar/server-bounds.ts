/** Every bound of the server towards its clients, by name. */
export interface ServerBounds {
  /** Of a request's body, guarded or not. */
  readonly bodyBytes: number;
  /** Of a request's line and headers together. */
  readonly headerBytes: number;
  /** Beyond this many, new connections are cut at once. */
  readonly connections: number;
  /** Answers owed at once, on all connections; one connection can ask for many. */
  readonly underWay: number;
  /** From a connection's first byte to the end of a request's headers. */
  readonly headersTimeoutMs: number;
  /** From a request's first byte to the end of its body. */
  readonly requestTimeoutMs: number;
  /** How often the two above are looked at; a slow client lives that much longer at most. */
  readonly timeoutCheckMs: number;
  /** How long a connection may idle between two requests: longer than any client keeps it. */
  readonly keepAliveMs: number;
}

export const DEFAULT_SERVER_BOUNDS: ServerBounds = {
  bodyBytes: 1_024 * 1_024,
  headerBytes: 16 * 1_024,
  connections: 256,
  underWay: 512,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  timeoutCheckMs: 2_000,
  keepAliveMs: 75_000,
};
