/**
 * One client of the relay, from its first frame to its end.
 *
 * 1. It authenticates within a deadline, or it is cut. Bad credentials are answered, then closed.
 * 2. `listening` is answered each time it is asked, but only when every event from then on will be
 *    delivered: clients place their orders right after it.
 * 3. What it does not read is not kept for it: beyond a bound it is cut.
 */
import type { WebSocket } from "ws";
import type { Clock } from "../core/clock.ts";
import {
  authorizationFrame,
  errorFrame,
  listeningFrame,
  readClientFrame,
} from "./stream-client-frame.ts";
import type { StreamLimits } from "./stream-limits.ts";
import type { ReportProblem } from "./stream-problem.ts";

export interface ListenerPorts {
  readonly clock: Clock;
  readonly limits: StreamLimits;
  readonly frames: "binary" | "text";
  /** Whether a key is good; `keyId` is undefined for a bearer token. */
  readonly authenticate: (keyId: string | undefined, secret: string) => boolean;
  /** Asked when the key is good; false when there are too many listeners already. */
  readonly admit: (listener: StreamListener) => boolean;
  readonly isLive: () => boolean;
  readonly onProblem?: ReportProblem | undefined;
}

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

export class StreamListener {
  readonly #socket: WebSocket;
  readonly #ports: ListenerPorts;
  #isAuthenticated: boolean;
  #isListening = false;
  #isAlive = true;
  /** Requests to listen, or to stop, that wait for their answer. */
  #asked: boolean[] = [];
  /** Ends the wait for a good key, or for the broker. */
  #patience: AbortController | undefined;

  constructor(socket: WebSocket, ports: ListenerPorts, isAuthenticated: boolean) {
    this.#socket = socket;
    this.#ports = ports;
    this.#isAuthenticated = isAuthenticated;
    socket.on("message", (data) => this.#receive(data.toString()));
    socket.on("pong", () => this.#heard());
    socket.on("error", () => socket.terminate());
    socket.on("close", () => this.#patience?.abort());
    if (!isAuthenticated) this.#within(ports.limits.authenticationMs, () => this.cut());
  }

  /** Sends an event, if the client listens. */
  deliver(frame: string | Buffer): void {
    if (this.#isListening) this.#send(frame);
  }

  /** Answers what was asked while the relay was not live. */
  acknowledge(): void {
    this.#patience?.abort();
    for (const isWanted of this.#asked.splice(0)) this.#answer(isWanted);
  }

  /** Asks for a sign of life, and cuts a client that gave none since it was asked last. */
  probe(): void {
    if (!this.#isAlive) {
      this.#ports.onProblem?.({ kind: "listener_silent" });
      this.cut();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping(undefined, undefined, () => {});
  }

  /** Asks the client to close; {@link cut} ends one that does not. */
  bidFarewell(): void {
    this.#socket.close(GOING_AWAY, "the sidecar stops");
  }

  cut(): void {
    this.#socket.terminate();
  }

  #heard(): void {
    this.#isAlive = true;
  }

  #receive(text: string): void {
    this.#heard();
    // Whoever was told to go may still be talking.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const frame = readClientFrame(text);
    switch (frame.kind) {
      case "authenticate":
        this.#authenticate(frame.keyId, frame.secret);
        return;
      case "listen":
        this.#listen(frame.isWanted);
        return;
      case "unreadable":
        this.#send(errorFrame("invalid frame"));
    }
  }

  #authenticate(keyId: string | undefined, secret: string | undefined): void {
    const isGood = secret !== undefined && this.#ports.authenticate(keyId, secret);
    if (isGood && !this.#isAuthenticated && !this.#ports.admit(this)) {
      this.#socket.close(TRY_AGAIN_LATER, "too many listeners");
      return;
    }
    this.#send(authorizationFrame("authenticate", isGood));
    if (isGood && !this.#isAuthenticated) {
      this.#isAuthenticated = true;
      this.#patience?.abort();
    }
    if (!isGood) this.#socket.close(POLICY_VIOLATION, "unauthorized");
  }

  #listen(isWanted: boolean): void {
    if (!this.#isAuthenticated) {
      this.#send(authorizationFrame("listen", false));
      return;
    }
    const { limits, isLive } = this.#ports;
    if (isLive()) {
      this.#answer(isWanted);
      return;
    }
    if (this.#asked.length === limits.unansweredListens) {
      this.#socket.close(POLICY_VIOLATION, "too many requests to listen");
      return;
    }
    this.#asked.push(isWanted);
    if (this.#asked.length > 1) return;
    this.#within(limits.listenAnswerMs, () => {
      this.#socket.close(TRY_AGAIN_LATER, "no connection to the broker");
    });
  }

  #answer(isWanted: boolean): void {
    this.#isListening = isWanted;
    this.#send(listeningFrame(isWanted));
  }

  #send(frame: string | Buffer): void {
    const { limits, frames, onProblem } = this.#ports;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > limits.bufferedBytes) {
      onProblem?.({ kind: "listener_slow" });
      this.cut();
      return;
    }
    const payload = frames === "binary" && typeof frame === "string" ? Buffer.from(frame) : frame;
    this.#socket.send(payload, () => {});
  }

  /** Calls `giveUp` unless the patience is ended first. */
  #within(durationMs: number, giveUp: () => void): void {
    this.#patience = new AbortController();
    this.#ports.clock.sleep(durationMs, this.#patience.signal).then(giveUp, () => {});
  }
}
