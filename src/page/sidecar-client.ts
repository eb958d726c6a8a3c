/**
 * Asks the sidecar that served this page, and nobody else. The key that a person has typed in lives
 * here, in memory, for as long as the page does: it is in no address and in no storage.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { EventView } from "./sidecar-answers.ts";

/** An answer that is none, with what mends it. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;
  readonly hint: string;

  constructor(status: number, message: string, code: string, hint: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

interface ErrorBody {
  readonly message?: unknown;
  readonly tradelatch?: { readonly error?: unknown; readonly hint?: unknown };
}

export class SidecarClient {
  #key = "";

  signIn(key: string): void {
    this.#key = key;
  }

  async get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
    const response = await this.#ask(path, { signal: signal ?? null });
    return (await response.json()) as Body;
  }

  /** `operatorKey`: where another one than that of the sign-in is shown. */
  async post<Body>(path: string, body: unknown, operatorKey = ""): Promise<Body> {
    const key = operatorKey === "" ? {} : { "tradelatch-operator-key": operatorKey };
    const headers = { "content-type": "application/json", ...key };
    const response = await this.#ask(path, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as Body;
  }

  /** Events after `after`, as they come, until the connection ends. */
  async *events(after: number, signal: AbortSignal): AsyncGenerator<EventView> {
    const headers = { accept: "text/event-stream" };
    const response = await this.#ask(`/latch/v1/events?after=${after}`, { headers, signal });
    if (response.body === null) return;
    const messages = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { data } of messages) yield JSON.parse(data) as EventView;
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const keys = { authorization: `Bearer ${this.#key}`, "tradelatch-operator-key": this.#key };
    const headers = { ...keys, ...(init.headers as Record<string, string> | undefined) };
    const common = { cache: "no-store", credentials: "omit", redirect: "error" } as const;
    const response = await fetch(path, { ...init, ...common, headers });
    if (!response.ok) throw await refusalOf(response);
    return response;
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const body = (await response.json().catch(() => ({}))) as ErrorBody;
  const { message, tradelatch } = body;
  return new Refusal(
    response.status,
    typeof message === "string" ? message : `the sidecar answered ${response.status}`,
    typeof tradelatch?.error === "string" ? tradelatch.error : "",
    typeof tradelatch?.hint === "string" ? tradelatch.hint : "",
  );
}
