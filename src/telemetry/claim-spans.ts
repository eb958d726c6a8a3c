/**
 * What a trace says of a claim: its key, and the span that claimed it where this process made it.
 * A read-back an hour later, or the verdict on an exit, belongs to another trace; the request id is
 * on both, and the link leads from the one to the other.
 */
import {
  type Attributes,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanContext,
} from "@opentelemetry/api";
import type { ClaimKey } from "../core/ids.ts";
import { claimName } from "../core/key-names.ts";

/** So many claims are remembered; of older ones the request id alone leads back. */
const REMEMBERED_MAX = 10_000;

const claimedBy = new Map<string, SpanContext>();

export function attributesOf({ account, agent, requestId }: ClaimKey): Attributes {
  return {
    "tradelatch.account": account,
    "tradelatch.agent": agent,
    "tradelatch.request_id": requestId,
  };
}

/** From now on what happens to the claim is linked to `span`. */
export function rememberClaimSpan(key: ClaimKey, span: Span | undefined): void {
  const made = span?.spanContext();
  if (made === undefined || !isSpanContextValid(made)) return;
  const [oldest] = claimedBy.keys();
  if (claimedBy.size >= REMEMBERED_MAX && oldest !== undefined) claimedBy.delete(oldest);
  claimedBy.set(claimName(key), made);
}

/** Nothing where no span is known, which without an SDK is always. */
export function linksOf(key: ClaimKey): readonly Link[] {
  if (claimedBy.size === 0) return [];
  const made = claimedBy.get(claimName(key));
  return made === undefined ? [] : [{ context: made }];
}
