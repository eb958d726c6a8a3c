/**
 * Serves one request to Alpaca's surface: notes it, checks credentials and rate, asks the fault
 * plan, lets the route do its work and says what is to be sent, or that nothing is.
 *
 * What earlier requests had put off is settled before a request is looked at, and again as soon as
 * its answer has left, which whoever sends it says by {@link BrokerEndpoint.answerLeft}: so an
 * answer never shows a fill, and the next one always does.
 */
import type { ApiAnswer, ApiCall, ApiRoute } from "./api-route.ts";
import { callEffects } from "./call-effects.ts";
import { keysFromHeaders } from "./credentials.ts";
import type { FaultSubject, RequestFaults } from "./fault-plan.ts";
import type { AnswerFault } from "./fault-rule-schema.ts";
import { tooManyRequests, unauthorized } from "./refusal.ts";
import type { Simulation } from "./simulation.ts";
import { isJsonObject, parseExactJson, parseForLog } from "./wire-json.ts";

/** A request as it arrived. */
export interface Arrival {
  readonly method: string;
  /** As it stood in the URL, without the query. */
  readonly path: string;
  /** What the route's own path names. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | string[]>>;
  /** The body; empty where there was none. */
  readonly text: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What the caller gets: an answer, a connection that is cut, or nothing, ever. */
export type Served =
  | { readonly kind: "answer"; readonly answer: ApiAnswer }
  | { readonly kind: "drop" }
  | { readonly kind: "hang" };

const SERVER_ERRORS: Readonly<Record<number, string>> = {
  500: "internal server error occurred",
  502: "bad gateway",
  503: "service unavailable",
  504: "gateway timeout",
};
/** A request's id is its sequence number in the log, so that the two can be brought together. */
const REQUEST_ID_DIGITS = 32;
const DEFAULT_SERVER_CODE = 50010000;
const DEFAULT_RETRY_AFTER_SECONDS = 3;

export class BrokerEndpoint {
  readonly #simulation: Simulation;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  async serve(handle: ApiRoute["handle"], arrival: Arrival): Promise<Served> {
    const { broker, requests, credentials, faults } = this.#simulation;
    broker.settle();
    const call = readCall(arrival);
    const { method, path, query } = call;
    const logged = { method, path, query, body: parseForLog(arrival.text) };
    const sequence = requests.arrived(logged, broker.clock.now());
    const rate = this.#simulation.meterFor(path).count(broker.clock.now());
    const always = {
      ...rate.headers,
      Date: new Date(broker.clock.now()).toUTCString(),
      "X-Request-ID": String(sequence).padStart(REQUEST_ID_DIGITS, "0"),
    };
    if (rate.exceeded) {
      const headers = { "Retry-After": String(rate.secondsToReset) };
      return this.#answer(sequence, { ...tooManyRequests, headers }, always);
    }
    if (!credentials.accepts(keysFromHeaders(arrival.headers))) {
      return this.#answer(sequence, unauthorized, always);
    }
    const struck = faults.takeForRequest(this.#subject(call));
    const named = struck.answer ?? struck.effects[0];
    if (named !== undefined) requests.struck(sequence, named.kind);
    const served = await this.#served(struck, handle, call);
    if (served.kind === "answer") return this.#answer(sequence, served.answer, always);
    requests.answered(sequence, served.kind === "drop" ? "dropped" : "hung");
    this.answerLeft();
    return served;
  }

  /** The answer is on its way, or its caller has gone: what was put off may happen. */
  answerLeft(): void {
    this.#simulation.broker.settle();
  }

  /** Whether the work is done, when, and what the caller hears of it. */
  async #served(
    { answer: fault, effects }: RequestFaults,
    handle: ApiRoute["handle"],
    call: ApiCall,
  ): Promise<Served> {
    const simulation = this.#simulation;
    const work = () => handle(call, callEffects(effects, simulation.broker.clock.now()));
    switch (fault?.kind) {
      case undefined:
        return { kind: "answer", answer: work() };
      case "accept_then_drop":
        work();
        return { kind: "drop" };
      case "accept_then_hang":
        work();
        return { kind: "hang" };
      case "accept_then_error":
        work();
        return { kind: "answer", answer: serverError(fault) };
      case "html":
        if (fault.accept) work();
        return { kind: "answer", answer: webPage(fault.status) };
      case "slow": {
        const answer = work();
        // No answer leaves for a while, so nothing else would set off what was put off.
        simulation.broker.settle();
        return answered(await simulation.after(fault.delayMs, () => answer));
      }
      case "arrive_late":
        return answered(await simulation.after(fault.delayMs, work));
      case "refuse":
        return { kind: "answer", answer: refusal(fault) };
      case "rate_limited":
        return { kind: "answer", answer: rateLimited(fault) };
      case "drop":
        return { kind: "drop" };
    }
  }

  /** Notes a request that was turned away before it could be read. */
  turnedAway(arrival: Arrival, status: number, body: unknown): void {
    const { requests, broker } = this.#simulation;
    const { method, path, query } = readCall(arrival);
    const sequence = requests.arrived({ method, path, query }, broker.clock.now());
    requests.answered(sequence, { status, body });
  }

  #answer(
    sequence: number,
    { status, body, headers }: ApiAnswer,
    always: Readonly<Record<string, string>>,
  ): Served {
    const { requests } = this.#simulation;
    requests.answered(sequence, body === undefined ? { status } : { status, body });
    return { kind: "answer", answer: { status, body, headers: { ...always, ...headers } } };
  }

  /** The order that a request is about is found by whatever the request names it with. */
  #subject({ method, path, params, query, body }: ApiCall): FaultSubject {
    const { book } = this.#simulation.broker;
    const fields = isJsonObject(body) ? body : {};
    const order = book.find(params.order ?? "") ?? book.findByClientId(query.client_order_id ?? "");
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    return {
      method,
      path,
      side: text(fields.side) ?? order?.side,
      symbol: text(fields.symbol) ?? params.symbol ?? order?.symbol,
    };
  }
}

function readCall({ method, path, params, query, text }: Arrival): ApiCall {
  const body = parseExactJson(text);
  return { method, path: decoded(path), params, query: singleValues(query), body };
}

function answered(answer: ApiAnswer | undefined): Served {
  return answer === undefined ? { kind: "drop" } : { kind: "answer", answer };
}

function refusal(fault: Extract<AnswerFault, { kind: "refuse" }>): ApiAnswer {
  const { status, code, message, extra } = fault;
  return { status, body: { ...(code === undefined ? {} : { code }), message, ...extra } };
}

function rateLimited(fault: Extract<AnswerFault, { kind: "rate_limited" }>): ApiAnswer {
  const seconds = fault.retryAfterSeconds ?? DEFAULT_RETRY_AFTER_SECONDS;
  return { ...tooManyRequests, headers: { "Retry-After": String(seconds) } };
}

function serverError(fault: Extract<AnswerFault, { kind: "accept_then_error" }>): ApiAnswer {
  const message = fault.message ?? SERVER_ERRORS[fault.status] ?? "server error";
  return { status: fault.status, body: { code: fault.code ?? DEFAULT_SERVER_CODE, message } };
}

function webPage(status: number): ApiAnswer {
  const title = `${status} Gateway`;
  const head = `<head><title>${title}</title></head>`;
  return { status, body: `<html>${head}<body><center><h1>${title}</h1></center></body></html>` };
}

function singleValues(query: Arrival["query"]): Record<string, string> {
  const entries = Object.entries(query);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : value]),
  );
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
