/**
 * Asks the sidecar that served this page, and nobody else. The key that a person has typed in lives
 * here, in memory, for as long as the page does: it is in no address and in no storage.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { deadline } from "./browser-time.ts";
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

const COMMON = { cache: "no-store", credentials: "omit", redirect: "error" } as const;
/** The sidecar itself waits so long for a slow broker, and longer where it sends an order. */
const READ_WITHIN_MS = 30_000;
const ACT_WITHIN_MS = 45_000;
/** What a browser cannot send in a header; a key is none that has it. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

interface ErrorBody {
  readonly message?: unknown;
  readonly tradelatch?: { readonly error?: unknown; readonly hint?: unknown };
}

export class SidecarClient {
  #key = "";

  signIn(key: string): void {
    this.#key = key;
  }

  /** Rejects where there is no whole answer `withinMs`: a connection can be dead for hours. */
  get<Body>(path: string, over?: AbortSignal, withinMs = READ_WITHIN_MS): Promise<Body> {
    return this.#json(path, {}, deadline(withinMs, over));
  }

  /** `operatorKey`: where another one than that of the sign-in is shown. */
  post<Body>(path: string, body: unknown, operatorKey = ""): Promise<Body> {
    const key = operatorKey === "" ? {} : { "tradelatch-operator-key": operatorKey };
    const headers = { "content-type": "application/json", ...key };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    return this.#json(path, init, deadline(ACT_WITHIN_MS, undefined));
  }

  /** Whether the sidecar serves this very page still: the next version's answers may be others. */
  async servesThisPage(over: AbortSignal): Promise<boolean> {
    const { signal, end } = deadline(READ_WITHIN_MS, over);
    try {
      const response = await fetch("/", { ...COMMON, signal });
      return !response.ok || (await response.text()).includes(new URL(import.meta.url).pathname);
    } finally {
      end();
    }
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

  async #json<Body>(
    path: string,
    init: RequestInit,
    { signal, end }: ReturnType<typeof deadline>,
  ): Promise<Body> {
    try {
      const response = await this.#ask(path, { ...init, signal });
      return (await response.json()) as Body;
    } finally {
      end();
    }
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    const keys = { authorization: `Bearer ${this.#key}`, "tradelatch-operator-key": this.#key };
    const headers = { ...keys, ...(init.headers as Record<string, string> | undefined) };
    if (Object.values(headers).some((text) => UNSENDABLE.test(text))) {
      throw new Refusal(400, "The key has a character that no key can have.", "", "Copy it anew.");
    }
    const response = await fetch(path, { ...init, ...COMMON, headers });
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
