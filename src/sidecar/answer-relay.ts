/**
 * One answer on its way from the broker's connection to a client: taken from undici's dispatch,
 * because its request makes a stream and listens to a signal for each.
 *
 * 1. Bodies stream and are never held in full, but for small answers that say how long they are;
 *    while the client takes no more, nothing is read.
 * 2. An answer that breaks off is broken off for the client too, so that no half looks whole.
 */
import type { ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import { Cut } from "../core/cut.ts";
import { type HeaderList, headersForBot, headerValue } from "./wire-headers.ts";

export type Relayed =
  | { readonly kind: "answered"; readonly status: number }
  /** The answer began and broke off. */
  | { readonly kind: "cut"; readonly status: number };

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

export class AnswerRelay extends Cut implements Dispatcher.DispatchHandler {
  /** Rejects with the connection's failure where no answer began. */
  readonly over: Promise<Relayed>;
  readonly #response: ServerResponse;
  #resolve: (relayed: Relayed) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #head: Head | undefined;
  /** What has come of a small answer; undefined of others. */
  #chunks: Buffer[] | undefined;

  constructor(response: ServerResponse) {
    super();
    this.#response = response;
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

  /** Not before it is its turn on a connection is there anything to end. */
  onRequestStart(controller: Controller): void {
    this.whenCut((reason) => controller.abort(reason));
  }

  onResponseStart(controller: Controller, status: number, _: unknown, statusText = ""): void {
    if (status < FIRST_FINAL_STATUS) return;
    const headers = textOf(controller.rawHeaders as readonly (Buffer | string)[]);
    this.#head = { status, statusText, headers };
    if (isSmall(headers) && !this.isEventStream) this.#chunks = [];
    else begin(this.#response, this.#head);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#chunks !== undefined) this.#chunks.push(chunk);
    else if (!this.#response.write(chunk)) {
      controller.pause();
      this.#response.once("drain", () => controller.resume());
    }
  }

  onResponseEnd(): void {
    // The connection is another request's from here on.
    this.whenCut(() => this.#breakOff());
    const [head, chunks] = [this.#head, this.#chunks];
    if (head === undefined) return;
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
    this.#response.destroy();
    if (this.#head !== undefined) this.#resolve({ kind: "cut", status: this.#head.status });
  }
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
