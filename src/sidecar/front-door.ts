/**
 * What becomes of each request, in this order: who asks, for which path, with what key, is there
 * room, which policy. Deciding is pure of effects; serving does what was decided.
 *
 * 1. The path that is judged is the path that is sent on; nothing reads the raw one again.
 * 2. Nothing here answers a guarded request with 429 or a 5xx: some client would send it again as
 *    a new order. Where this call took no order, and where its handler failed, it is a 409.
 * 3. A guarded request is handled to its end even when its client has gone.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Access, Agent } from "./access.ts";
import { alpacaError, type PlainAnswer, type SidecarErrorName } from "./alpaca-error.ts";
import { goneSignal } from "./gone-signal.ts";
import {
  type GuardedAnswer,
  type GuardedHandler,
  type GuardedRequest,
  readBody,
  withoutCredentials,
} from "./guarded-request.ts";
import { readIdempotencyKey } from "./idempotency-key.ts";
import type { Forwarded, PassThrough } from "./pass-through.ts";
import type { RefusalLog } from "./refusal-log.ts";
import type { RequestPath } from "./request-path.ts";
import { RETRY_AFTER } from "./retry-after.ts";
import {
  isCancel,
  isForAll,
  isForPeople,
  isGuardRequest,
  isKeyed,
  isOpenPath,
  NATIVE_ORDERS_PATH,
  policyOf,
} from "./route-policy.ts";
import type { SecretMask } from "./secret-mask.ts";
import { sendAnswer } from "./send-answer.ts";
import type { ServerBounds } from "./server-bounds.ts";
import type { Traffic } from "./traffic.ts";
import { METHOD_OVERRIDES } from "./wire-headers.ts";

/** A cancel that went to the broker, told after its client was answered. */
export interface PassedCancel {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly agent: Agent;
  /** `answered` and `cut` carry the broker's status; `unknown` means it may have happened. */
  readonly outcome: Forwarded;
}

export interface FrontDoorOptions {
  readonly access: Access;
  readonly passThrough: PassThrough;
  /** Off, nothing of the broker's space is served. */
  readonly hasBroker: boolean;
  readonly guarded: GuardedHandler;
  readonly onCancel?: ((cancel: PassedCancel) => void | Promise<void>) | undefined;
  /** Told of each request that goes through to the broker. */
  readonly onForward?: (() => void) | undefined;
  readonly bounds: ServerBounds;
  readonly traffic: Traffic;
  readonly closing: AbortSignal;
  readonly mask: SecretMask;
  readonly refusals: RefusalLog;
  readonly log: Logger;
}

interface Admitted {
  readonly agent: Agent;
  readonly path: string;
  readonly query: string;
}

export type Decision =
  | {
      readonly kind: "refused";
      readonly name: SidecarErrorName;
      readonly answer: PlainAnswer;
    }
  /** A page of ours; without an agent where no key is needed. */
  | ({ readonly kind: "own"; readonly agent: Agent | undefined } & Omit<Admitted, "agent">)
  | ({ readonly kind: "forward" } & Admitted)
  | ({ readonly kind: "guarded" } & Admitted);

/** Of an answer that is an order. */
const ORDER_STATUS = 200;

export class FrontDoor {
  readonly #options: FrontDoorOptions;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
  }

  /** `target`: what the request's URL was read as. */
  decide(request: IncomingMessage, target: RequestPath): Decision {
    const { access, mask, hasBroker } = this.#options;
    const method = request.method ?? "";
    const stranger = access.refuseStranger(request);
    if (stranger !== undefined) return refused(stranger);
    if (target.kind === "path" && isOpenPath(method, target.path)) {
      const { path, query } = target;
      return { kind: "own", agent: undefined, path, query };
    }
    const agent =
      access.authenticate(request.headers) ??
      this.#operator(request, target) ??
      this.#keyless(request, target);
    if (agent === undefined) return refused("unauthorized");
    if (target.kind === "refused") return refused("path_refused", target.reason);
    const { path, query, endsBare } = target;
    if (endsBare && isForAll(method, path)) {
      const message = mask.quote(`${method} ${path}/ lacks a name behind its last slash`);
      return refused("path_refused", message);
    }
    if (METHOD_OVERRIDES.some((name) => request.headers[name] !== undefined)) {
      return refused("override_refused");
    }
    const policy = policyOf(method, path);
    if (policy === "refused") {
      return refused(
        "route_refused",
        mask.quote(`${method} ${path} does not pass through the sidecar`),
      );
    }
    const isOrder = isNativeOrder(method, path);
    if (!hasBroker && (policy !== "own" || isOrder)) return refused("no_broker");
    const isGuarded = policy === "guarded" || isOrder;
    const refusal = this.#refusedForNow(isGuarded) ?? this.#refusedWithoutKey(request, path);
    if (refusal !== undefined) return refusal;
    if (policy === "own" || policy === "stream") return { kind: "own", agent, path, query };
    return { kind: policy === "guarded" ? "guarded" : "forward", agent, path, query };
  }

  /** Never rejects. */
  async serve(
    decision: Exclude<Decision, { readonly kind: "own" }>,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    switch (decision.kind) {
      case "refused":
        this.#options.refusals.note(decision.name, { method: request.method });
        sendAnswer(response, decision.answer);
        request.resume();
        return;
      case "forward":
        return this.#forward(decision, request, response);
      case "guarded":
        return this.#guard(decision, request, response);
    }
  }

  /** The operator reads every page of ours and acts on incidents; no order is taken from there. */
  #operator(request: IncomingMessage, target: RequestPath): Agent | undefined {
    if (target.kind !== "path" || !isForPeople(request.method ?? "", target.path)) return undefined;
    return this.#options.access.operatorOf(request.headers);
  }

  /** Clients of other guards know no key. */
  #keyless(request: IncomingMessage, target: RequestPath): Agent | undefined {
    const isGuards =
      target.kind === "path"
        ? isGuardRequest(request.method ?? "", target.path)
        : target.namesAction === true;
    return isGuards ? this.#options.access.keyless(request.headers) : undefined;
  }

  #refusedForNow(isGuarded: boolean): Decision | undefined {
    const { closing, traffic, bounds } = this.#options;
    const headers = closing.aborted ? { connection: "close" } : {};
    const isFull = traffic.underWay > bounds.underWay;
    if (!closing.aborted && !isFull) return undefined;
    if (isGuarded) {
      const name = "order_not_taken";
      const retry = { ...headers, ...RETRY_AFTER };
      return { kind: "refused", name, answer: alpacaError(name, { headers: retry }) };
    }
    const name = closing.aborted ? "closing" : "overloaded";
    return { kind: "refused", name, answer: alpacaError(name, { headers }) };
  }

  #refusedWithoutKey(request: IncomingMessage, path: string): Decision | undefined {
    if (!isKeyed(request.method ?? "", path)) return undefined;
    const key = readIdempotencyKey(request.headers["idempotency-key"]);
    if (key.kind === "key") return undefined;
    const message = key.kind === "none" ? undefined : this.#options.mask.quote(key.message);
    return refused("key_required", message);
  }

  async #forward(
    { agent, path, query }: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { passThrough, onCancel, onForward, log, mask } = this.#options;
    const method = request.method ?? "";
    onForward?.();
    const outcome = await passThrough.forward(request, response, path, query);
    const line = () => ({ method, path: mask.quote(path), agent: agent.id, ...outcome });
    if (outcome.kind !== "answered") log.warn(line(), "not passed through whole");
    else if (log.isLevelEnabled("debug")) log.debug(line(), "passed through");
    if (onCancel === undefined || !isCancel(method, path)) return;
    try {
      await onCancel({ method, path, query, agent, outcome });
    } catch (error) {
      log.error({ ...line(), failure: mask.mask(textOf(error)) }, "a cancel was not recorded");
    }
  }

  async #guard(
    { agent, path, query }: Admitted,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const read = await readBody(request, this.#options.bounds.bodyBytes);
    if (read.kind === "gone") return;
    if (read.kind !== "text") {
      const name = read.kind === "too_large" ? "body_too_large" : "request_malformed";
      this.#options.refusals.note(name, { method: request.method });
      sendAnswer(response, alpacaError(name));
      return;
    }
    const guarded: GuardedRequest = {
      method: request.method ?? "",
      path,
      query: new URLSearchParams(query),
      headers: withoutCredentials(request.headers),
      body: read.text,
      agent,
      gone: goneSignal(response),
    };
    const answer = await this.#options.traffic.handling(this.#handled(guarded));
    this.#send(response, this.#tellable(answer));
  }

  /** Refusals quote what they refuse; an order is told as the broker wrote it. */
  #tellable(answer: PlainAnswer): PlainAnswer {
    if (answer.status === ORDER_STATUS) return answer;
    return { ...answer, body: this.#options.mask.mask(answer.body) };
  }

  /** An answer that cannot be written is a fault of ours; the order may be at the broker. */
  #send(response: ServerResponse, answer: PlainAnswer): void {
    try {
      sendAnswer(response, answer);
    } catch (error) {
      const { log, mask } = this.#options;
      log.error({ failure: mask.mask(textOf(error)) }, "an answer could not be written");
      sendAnswer(response, alpacaError("outcome_unknown", { headers: RETRY_AFTER }));
    }
  }

  async #handled(request: GuardedRequest): Promise<GuardedAnswer> {
    const { guarded, log, mask } = this.#options;
    const { method, path, agent } = request;
    try {
      const answer = await guarded(request);
      if (log.isLevelEnabled("debug")) {
        const { status } = answer;
        log.debug({ method, path: mask.quote(path), agent: agent.id, status }, "guarded");
      }
      return answer;
    } catch (error) {
      const failure = mask.mask(textOf(error));
      log.error(
        { method, path: mask.quote(path), agent: agent.id, failure },
        "a guarded call failed",
      );
      return alpacaError("outcome_unknown", { headers: RETRY_AFTER });
    }
  }
}

/** An order on a page of ours gets no status either on which a client resends. */
function isNativeOrder(method: string, path: string): boolean {
  return method === "POST" && path === NATIVE_ORDERS_PATH;
}

function refused(name: SidecarErrorName, message?: string): Decision {
  const answer = alpacaError(name, message === undefined ? {} : { message });
  return { kind: "refused", name, answer };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
