/**
 * Serves one request to Alpaca's surface: notes it, checks credentials and rate, asks the fault
 * plan, lets the route do its work and sends, holds back or withholds the answer.
 *
 * What earlier requests had put off is settled before a request is looked at, and again as soon as
 * its answer has left: so an answer never shows a fill, and the next one always does.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiAnswer, ApiCall, ApiRoute } from "./api-route.ts";
import { callEffects } from "./call-effects.ts";
import { keysFromHeaders } from "./credentials.ts";
import type { FaultSubject, RequestFaults } from "./fault-plan.ts";
import type { AnswerFault } from "./fault-rule-schema.ts";
import { tooManyRequests, unauthorized } from "./refusal.ts";
import type { Simulation } from "./simulation.ts";
import { isJsonObject, parseExactJson, parseForLog } from "./wire-json.ts";

type Outcome =
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

  async serve(
    handle: ApiRoute["handle"],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { broker, requests, meter, credentials, faults } = this.#simulation;
    broker.settle();
    const text = typeof request.body === "string" ? request.body : "";
    const call = readCall(request, text);
    const { method, path, query } = call;
    const arrival = { method, path, query, body: parseForLog(text) };
    const sequence = requests.arrived(arrival, broker.clock.now());
    const rate = meter.count(broker.clock.now());
    reply.headers({
      ...rate.headers,
      Date: new Date(broker.clock.now()).toUTCString(),
      "X-Request-ID": String(sequence).padStart(REQUEST_ID_DIGITS, "0"),
    });
    if (rate.exceeded) {
      const headers = { "Retry-After": String(rate.secondsToReset) };
      return this.#send(reply, sequence, { ...tooManyRequests, headers });
    }
    if (!credentials.accepts(keysFromHeaders(request.headers))) {
      return this.#send(reply, sequence, unauthorized);
    }
    const struck = faults.takeForRequest(this.#subject(call));
    const named = struck.answer ?? struck.effects[0];
    if (named !== undefined) requests.struck(sequence, named.kind);
    const outcome = await this.#outcome(struck, handle, call);
    if (outcome.kind === "answer") return this.#send(reply, sequence, outcome.answer);
    requests.answered(sequence, outcome.kind === "drop" ? "dropped" : "hung");
    this.#withhold(outcome.kind, request, reply);
  }

  /** Whether the work is done, when, and what the caller hears of it. */
  async #outcome(
    { answer: fault, effects }: RequestFaults,
    handle: ApiRoute["handle"],
    call: ApiCall,
  ): Promise<Outcome> {
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
  turnedAway(request: FastifyRequest, status: number, body: unknown): void {
    const { requests, broker } = this.#simulation;
    const { method, path, query } = readCall(request, "");
    const sequence = requests.arrived({ method, path, query }, broker.clock.now());
    requests.answered(sequence, { status, body });
  }

  #send(reply: FastifyReply, sequence: number, answer: ApiAnswer): void {
    const { requests } = this.#simulation;
    const { status, body, headers = {} } = answer;
    requests.answered(sequence, body === undefined ? { status } : { status, body });
    // "close" follows an answer that left, and comes as well when its caller has gone away.
    reply.raw.once("close", () => this.#simulation.broker.settle());
    reply.code(status).headers(headers);
    if (body === undefined) void reply.send();
    else if (typeof body === "string") void reply.type("text/html").send(body);
    else void reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
  }

  #withhold(kind: "drop" | "hang", request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    this.#simulation.broker.settle();
    const { socket } = request.raw;
    if (kind === "drop") {
      socket.destroy();
      return;
    }
    const forget = this.#simulation.onRelease(() => socket.destroy());
    socket.once("close", forget);
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

function readCall(request: FastifyRequest, text: string): ApiCall {
  const [path = ""] = request.url.split("?");
  return {
    method: request.method,
    path: decoded(path),
    params: request.params as Record<string, string>,
    query: singleValues(request.query as Record<string, string | string[]>),
    body: parseExactJson(text),
  };
}

function answered(answer: ApiAnswer | undefined): Outcome {
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

function singleValues(query: Record<string, string | string[]>): Record<string, string> {
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
