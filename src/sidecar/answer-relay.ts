/**
 * One answer on its way from the broker's connection to a client: taken from undici's dispatch,
 * because its request makes a stream and listens to a signal for each.
 *
 * 1. Bodies stream and are never held in full, but for small answers that say how long they are;
 *    while the client takes no more, nothing is read.
 * 2. An answer that breaks off is broken off for the client too, so that no half looks whole.
 * 3. Of a write that must not be sent again, an answer on which some client would send it again is
 *    withheld, and so is one that breaks off: a reset is such an answer.
 */
import type { ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { Cut } from "../core/cut.ts";
import { type HeaderList, headersForBot, headerValue } from "./wire-headers.ts";

export type Relayed =
  | { readonly kind: "answered"; readonly status: number }
  /** The answer began and broke off. */
  | { readonly kind: "cut"; readonly status: number };

/** The client has had nothing yet. */
export interface Withheld {
  readonly kind: "withheld";
  readonly reason: string;
}

export interface RelayOptions {
  /** The write must not be sent again. Default: it may be. */
  readonly isOnce?: boolean;
}

type Controller = Dispatcher.DispatchController;

interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
}

/** Answers up to this length are passed on in one piece: a stream costs more than they do. */
const WHOLE_BYTES = 16 * 1_024;
const EVENT_STREAM = /^text\/event-stream\b/i;
const SENDABLE_REASON = /^[\t\x20-\x7e]*$/;
/** Below it an answer only announces another. */
const FIRST_FINAL_STATUS = 200;
/** An answer that may be withheld is kept up to this length. */
const LONGEST_WITHHELD_BYTES = 1_024 * 1_024;
/** Besides all from 500 on, and redirects: with these some client sends a request again. */
const RESENT_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

export class AnswerRelay extends Cut implements Dispatcher.DispatchHandler {
  /** Rejects with the connection's failure where no answer began. */
  readonly over: Promise<Relayed | Withheld>;
  readonly #response: ServerResponse;
  readonly #isOnce: boolean;
  #resolve: (relayed: Relayed | Withheld) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #head: Head | undefined;
  /** Something of the request may have been sent. */
  #isBegun = false;
  /** Why nobody takes the answer that is still awaited. */
  #left: Error | undefined;
  /** What has come of an answer that is passed on in one piece; undefined of others. */
  #chunks: Buffer[] | undefined;
  #bytes = 0;

  constructor(response: ServerResponse, { isOnce = false }: RelayOptions = {}) {
    super();
    this.#response = response;
    this.#isOnce = isOnce;
    this.over = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether its answer has no end of its own. */
  get isEventStream(): boolean {
    const type = this.#head && headerValue(this.#head.headers, "content-type");
    return EVENT_STREAM.test(type ?? "");
  }

  /** The client has gone: of what may be at the broker it is worth knowing that it answered. */
  leave(reason: Error): void {
    const isAwaited = this.#isOnce && this.#isBegun && this.#head === undefined;
    if (isAwaited) this.#left = reason;
    else this.cut(reason);
  }

  /** Not before it is its turn on a connection is there anything to end. */
  onRequestStart(controller: Controller): void {
    this.#isBegun = true;
    this.whenCut((reason) => controller.abort(reason));
  }

  onResponseStart(controller: Controller, status: number, _: unknown, statusText = ""): void {
    if (status < FIRST_FINAL_STATUS) return;
    const headers = textOf(controller.rawHeaders as readonly (Buffer | string)[]);
    this.#head = { status, statusText, headers };
    if (this.#left !== undefined) this.cut(this.#left);
    if (this.#isOnce || (isSmall(headers) && !this.isEventStream)) this.#chunks = [];
    else begin(this.#response, this.#head);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#chunks !== undefined) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      if (this.#isOnce && this.#bytes > LONGEST_WITHHELD_BYTES) controller.abort(TOO_LONG);
    } else if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(): void {
    // The connection is another request's from here on.
    this.whenCut(() => this.#breakOff());
    const [head, chunks] = [this.#head, this.#chunks];
    if (head === undefined) return;
    if (this.#isOnce && isResentOn(head.status)) {
      this.#resolve({ kind: "withheld", reason: `it answered with status ${head.status}` });
      return;
    }
    const answered = () => this.#resolve({ kind: "answered", status: head.status });
    if (chunks === undefined) {
      // Node calls an end an end also where the client has left before it.
      const { socket } = this.#response;
      this.#response.end(() => (socket?.destroyed ? this.#breakOff() : answered()));
      return;
    }
    begin(this.#response, head);
    this.#response.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    answered();
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#head === undefined) this.#reject(error);
    else this.#breakOff();
  }

  #breakOff(): void {
    if (this.#isOnce && !this.#response.headersSent && !this.#response.destroyed) {
      this.#resolve({ kind: "withheld", reason: "its answer broke off" });
      return;
    }
    this.#response.destroy();
    if (this.#head !== undefined) this.#resolve({ kind: "cut", status: this.#head.status });
  }
}

const TOO_LONG = new Error("the answer is longer than any to such a write");

function isResentOn(status: number): boolean {
  return status >= 500 || (status >= 300 && status < 400) || RESENT_STATUSES.has(status);
}

/** Names and values as on the wire. */
function textOf(raw: readonly (Buffer | string)[]): HeaderList {
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}

/** Whether an answer's body is so short that it comes in one piece. */
function isSmall(headers: HeaderList): boolean {
  const length = headerValue(headers, "content-length");
  return length !== undefined && Number(length) <= WHOLE_BYTES;
}

function begin(response: ServerResponse, { status, statusText, headers }: Head): void {
  // The broker's Date passes with the rest; where it sends none, neither do we.
  response.sendDate = false;
  const reason = SENDABLE_REASON.test(statusText) ? statusText : "";
  response.writeHead(status, reason, headersForBot(headers));
  // A stream's first event may be minutes away, and its client waits for the headers.
  if (headerValue(headers, "content-length") === undefined) response.flushHeaders();
}
