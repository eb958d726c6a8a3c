/**
 * A webhook: a delivery's signature is checked before its body is read, its event is claimed before
 * it is handled, and what is answered makes a provider deliver again exactly where that is of use.
 *
 * 1. A delivery that is not believed claims nothing, and only one that its scheme calls valid is.
 * 2. A status of 2xx says that nothing is left to do. While an earlier delivery is at work, or
 *    nobody knows what it did, it is a 409: a provider that delivers again does no harm, since the
 *    handler is not run again before evidence says that it may be.
 * 3. Nothing that a stranger sent is quoted in an answer.
 */
import { type Clock, type EpochMs, systemClock } from "../core/clock.ts";
import { LatchError } from "../core/errors.ts";
import { integersThatAreLost } from "../core/json-text.ts";
import type { ExecuteAnswer } from "../guard/guard.ts";
import { kindOf, requireFields, requireFunction } from "../guard/guard-input.ts";
import {
  type ExactlyOnceOptions,
  exactlyOnce,
  type Handler,
  OPTIONS,
  requireHandler,
} from "./exactly-once.ts";
import {
  type Delivery,
  SIGNATURE_PROBLEMS,
  type SignatureProblem,
  type SignatureScheme,
} from "./signature.ts";

export interface WebhookOptions<Event> extends Omit<ExactlyOnceOptions<Event>, "id"> {
  /** Null takes deliveries of anybody: only where something in front has checked them. */
  readonly signature: SignatureScheme | null;
  /** What distinguishes events; some providers have it in a header. */
  readonly id: (event: Event, delivery: Delivery) => string;
  /** Default: the body is JSON. */
  readonly parse?: (delivery: Delivery) => Event | Promise<Event>;
  readonly clock?: Clock;
}

export interface WebhookAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: WebhookBody;
}

export interface WebhookBody {
  /** How the event stands, or why the delivery was not taken. */
  readonly status: ExecuteAnswer<unknown>["status"] | "refused" | "failed";
  readonly message: string;
  /** What the handler gave, on the first delivery and on every repeat. */
  readonly result?: unknown;
  readonly incident?: number;
}

export type Webhook = (delivery: Delivery) => Promise<WebhookAnswer>;

interface Received<Event> {
  readonly event: Event;
  readonly id: string;
}

/** Seconds after which a delivery that could not be ended may come again. */
const RETRY_AFTER = { "retry-after": "30" } as const;

/** Never rejects: what fails is an answer too. Throws LatchError `invalid_option`. */
export function webhook<Event, Result>(
  handler: Handler<Event, Result>,
  options: WebhookOptions<Event>,
): Webhook {
  requireFields(
    options,
    { ...OPTIONS, signature: true, parse: true, clock: true },
    "invalid_option",
  );
  const { signature, parse, clock = systemClock, ...handled } = options;
  requireHandler(handler, options);
  requireSignature(signature);
  if (parse !== undefined) requireFunction("invalid_option", "parse", parse);
  const { verify, payload, ...others } = handled;
  const handle = exactlyOnce<Received<Event>, Result>(
    ({ event }, context) => handler(event, context),
    {
      ...others,
      id: ({ id }) => id,
      ...(payload === undefined ? {} : { payload: ({ event }) => payload(event) }),
      ...(verify === undefined ? {} : { verify: ({ event }) => verify(event) }),
    },
  );
  const take: Webhook = async (delivery) => {
    const refusal = signature && (await refusalBy(signature, delivery, clock.now()));
    if (refusal !== null) return answer(401, "refused", refusal);
    const received = await receive(delivery, options);
    if (typeof received === "string") return answer(400, "refused", received);
    return answerTo(await handle(received));
  };
  return (delivery) => take(delivery).catch(failure);
}

/** Why a delivery is not believed; null only where its scheme says that it is valid. */
async function refusalBy(
  signature: SignatureScheme,
  delivery: Delivery,
  now: EpochMs,
): Promise<string | null> {
  const checked: Partial<{ kind: unknown; problem: SignatureProblem }> = Object(
    await signature.check(delivery, now),
  );
  if (checked.kind === "valid") return null;
  return SIGNATURE_PROBLEMS[checked.problem ?? "wrong"] ?? SIGNATURE_PROBLEMS.wrong;
}

/** A signature that was forgotten, or is not set in the environment, must not let anybody in. */
function requireSignature(signature: SignatureScheme | null | undefined): void {
  if (signature === null || typeof signature?.check === "function") return;
  const wanted = "expected a signature scheme, or null where something in front has checked";
  throw new LatchError("invalid_option", `signature is ${kindOf(signature)}: ${wanted}`);
}

const NO_EVENT = "no event with an id could be read";
const LOST_ID =
  "the event's id is a number that loses digits: read it as text, by a parse of yours";

/** The event; or why there is none. */
async function receive<Event>(
  delivery: Delivery,
  { id, parse }: WebhookOptions<Event>,
): Promise<Received<Event> | string> {
  try {
    const event = (await (parse ?? parseJson)(delivery)) as Event;
    const name: unknown = id(event, delivery);
    if (typeof name !== "string" || name === "") return NO_EVENT;
    return parse === undefined && isRounded(name, delivery) ? LOST_ID : { event, id: name };
  } catch {
    return NO_EVENT;
  }
}

function parseJson({ rawBody }: Delivery): unknown {
  return JSON.parse(textOf(rawBody));
}

/** Made of an integer that was rounded when it was read: that of another event may be the same. */
function isRounded(name: string, { rawBody }: Delivery): boolean {
  const lost = [...integersThatAreLost(textOf(rawBody))];
  return lost.some((integer) => name.includes(String(Number(integer))));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function answerTo(answered: ExecuteAnswer<unknown>): WebhookAnswer {
  switch (answered.status) {
    case "done": {
      const { result, isRepeat } = answered;
      return answer(200, "done", isRepeat ? "handled before" : "handled", { result });
    }
    case "rejected": {
      const { result } = answered;
      return answer(200, "rejected", "it certainly cannot be done, and is not tried again", {
        result,
      });
    }
    case "absent":
      return answer(503, "absent", "nothing was done: deliver it again", {}, RETRY_AFTER);
    case "pending":
      return answer(409, "pending", "an earlier delivery is being handled", {}, RETRY_AFTER);
    case "unresolved": {
      const { incident } = answered;
      const message = "a delivery of it was begun, and nobody knows what that did";
      const extra = incident === null ? {} : { incident };
      return answer(409, "unresolved", message, extra, RETRY_AFTER);
    }
    case "mismatch":
      return answer(422, "mismatch", "this id was delivered before with other contents");
  }
}

function failure(error: unknown): WebhookAnswer {
  if (!(error instanceof LatchError)) return answer(500, "failed", "the webhook failed");
  if (error.code === "guard_result_unusable") {
    // No further delivery brings back what the handler gave.
    const message = "it is over, and what came of it could not be kept";
    return answer(200, outcomeIn(error), `${error.code}: ${message}`);
  }
  const headers = error.retryable ? RETRY_AFTER : {};
  return answer(error.httpStatus, "failed", `${error.code}: ${error.hint}`, {}, headers);
}

/** How it ended, of what has lost its result. */
function outcomeIn({ cause }: LatchError): "done" | "rejected" {
  const { outcome } = (cause ?? {}) as { readonly outcome?: unknown };
  return outcome === "rejected" ? "rejected" : "done";
}

function answer(
  status: number,
  how: WebhookBody["status"],
  message: string,
  extra: Partial<WebhookBody> = {},
  headers: Readonly<Record<string, string>> = {},
): WebhookAnswer {
  return { status, headers, body: { status: how, message, ...extra } };
}
