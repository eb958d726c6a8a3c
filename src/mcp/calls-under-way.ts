/**
 * The calls that are under way over HTTP, by the session that their client says they belong to, so
 * that a cancellation, which is a message of its own, finds the one that it is about.
 *
 * A session is a name and nothing else: it is made for whoever introduces itself, kept nowhere, and
 * never asked for. Calls without one are not found: ids alone are the same for every client.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { systemRandom } from "../core/random.ts";

const HEADER = "mcp-session-id";
/** Taken, with no answer to come. */
const TAKEN = 202;

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly requestId?: unknown } | undefined;
}

export class CallsUnderWay {
  readonly #calls = new Map<string, ServerResponse>();

  /** Before anything else is done about `message`, which is one of `whose`. */
  take(whose: string, message: unknown, request: IncomingMessage, response: ServerResponse): void {
    const { id, method, params }: Message = Object(message);
    if (method === "initialize") response.setHeader(HEADER, systemRandom.uuid());
    const session = request.headers[HEADER];
    if (session === undefined) return;
    const nameOf = (called: unknown) => JSON.stringify([whose, session, called]);
    if (method === "notifications/cancelled") this.#callOff(nameOf(params?.requestId));
    if (id === undefined || typeof method !== "string") return;
    const name = nameOf(id);
    this.#calls.set(name, response);
    response.once("close", () => {
      if (this.#calls.get(name) === response) this.#calls.delete(name);
    });
  }

  /** As if its client had hung up: nobody is to be answered. */
  #callOff(name: string): void {
    const response = this.#calls.get(name);
    if (response === undefined || response.headersSent) return;
    response.writeHead(TAKEN).end();
  }
}
