/** I2: nothing is sent before its claim is on disk. */
import type { PostFact } from "../facts.ts";
import type { Outcome } from "../outcome.ts";
import { chains, endOf } from "./broker-record.ts";
import type { Violation } from "./violation.ts";

export function durableFirst(outcome: Outcome): readonly Violation[] {
  const { posts } = outcome.facts;
  const early = posts
    .filter(({ wasClaimed, answer }) => !wasClaimed && answer !== "refused connection")
    .filter((post) => !isOfEndedOrder(outcome, post))
    .map(
      ({ process, clientOrderId }) => `${process} sent ${clientOrderId} without a claim on disk`,
    );
  const sent = new Set(posts.map(({ clientOrderId }) => clientOrderId));
  const strange = chains(outcome)
    .filter(({ first }) => !sent.has(first.clientOrderId))
    .map(({ first }) => `${first.clientOrderId} came by a way that nobody knows`);
  return [...early, ...strange].map((what) => ({ invariant: "I2", what }));
}

/** What has ended is replaced by nothing: the broker's own refusal tells how, and makes no order. */
function isOfEndedOrder({ broker }: Outcome, { method, answer, replaces, leftAt }: PostFact) {
  const isRefused = typeof answer === "object" && answer?.status === 422;
  const order = broker.orders().find(({ id }) => id === replaces);
  const endedAt = order === undefined ? null : endOf(order);
  return method === "PATCH" && (isRefused || (endedAt !== null && endedAt <= leftAt));
}
