/**
 * I3: only the process whose transaction opened the attempt sends it, once, before its deadline,
 * and not under an old fencing number. A repeat is another matter only where the first try certainly
 * left nothing behind: the connection was refused, or the broker answered 429.
 */
import type { EpochMs } from "../../../src/core/clock.ts";
import type { PostFact } from "../facts.ts";
import type { Outcome } from "../outcome.ts";
import { type Opening, openingsOf, postsOfOneClaim } from "./openings.ts";
import type { Violation } from "./violation.ts";

/** Between the last look at the store and the first byte, in a process that is not paused. */
const LOOK_TO_SEND_MS = 10;

export function rightToSend({ facts }: Outcome): readonly Violation[] {
  return [...postsOfOneClaim(facts)].flatMap(([id, tries]) => {
    const openings = openingsOf(facts, id);
    const wrong = [...tries.map((post) => judge(openings, post)), ...repeats(openings, tries)];
    return wrong
      .filter((what) => what !== undefined)
      .map((what): Violation => ({ invariant: "I3", what: `${what}: ${id}` }));
  });
}

function judge(openings: readonly Opening[], post: PostFact): string | undefined {
  const before = openings.filter(({ at }) => at <= post.leftAt);
  const latest = before.at(-1);
  // An order without any claim is for I2 to find.
  if (latest === undefined) return undefined;
  if (latest.owner !== post.owner) {
    const hadRight = before.some(({ owner }) => owner === post.owner);
    if (hadRight && couldNotKnow(latest.at, post)) return undefined;
    return `${post.process} sent what another had opened`;
  }
  if (post.leftAtOwnTime < latest.sendDeadline) return undefined;
  return `${post.process} sent ${post.leftAtOwnTime - latest.sendDeadline} ms after the deadline`;
}

/** Whether the attempt was opened anew between the sender's last look and the sending. */
function couldNotKnow(reopenedAt: EpochMs, { leftAt, resumedAt }: PostFact): boolean {
  const lookedAt = leftAt - LOOK_TO_SEND_MS;
  return reopenedAt >= lookedAt || (resumedAt !== null && resumedAt >= lookedAt);
}

function repeats(openings: readonly Opening[], tries: readonly PostFact[]): readonly string[] {
  return tries.slice(1).flatMap((post, index) => {
    const earlier = tries[index] as PostFact;
    const reopened = openings.some(({ at }) => at > earlier.leftAt && at <= post.leftAt);
    if (reopened || leftNothing(earlier)) return [];
    return [`${post.process} sent again what had no certain answer`];
  });
}

function leftNothing({ answer }: PostFact): boolean {
  if (answer === "refused connection") return true;
  return typeof answer === "object" && answer !== null && answer.status === 429;
}
