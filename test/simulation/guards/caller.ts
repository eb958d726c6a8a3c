/** Those who want a payment: by `execute`, by hand with a token, or as somebody who only looks. */
import { LatchError, messageOf } from "../../../src/core/errors.ts";
import type {
  Guard,
  GuardClaimAnswer,
  GuardVerdict,
  SettleInput,
} from "../../../src/guard/guard.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { GuardFacts, SentFact, ToldFact } from "./facts.ts";
import type { CallPlan, Fate } from "./plan.ts";
import { DeclinedError, type Provider, UnreachedError } from "./provider.ts";

export const ACTION = "payment.send";

export interface CallerParts {
  readonly guard: Guard;
  readonly process: SimulatedProcess;
  readonly provider: Provider;
  readonly facts: GuardFacts;
}

type Owned = Extract<GuardClaimAnswer, { readonly kind: "proceed" }>;
type End = Omit<ToldFact, "name">;

const TRIES = 5;
const PAUSE_MS = 1_000;

/** Resolves with what the caller was told of the payment's end; undefined: nothing certain. */
export function call(parts: CallerParts, name: string, plan: CallPlan): Promise<End | undefined> {
  switch (plan.how) {
    case "execute":
      return execute(parts, name, plan);
    case "owner":
      return own(parts, name, plan);
    case "reader":
      return look(parts, name, plan);
    case "witness":
      return testify(parts, name, plan);
  }
}

async function execute(
  { guard, process, provider, facts }: CallerParts,
  name: string,
  { fate, hasVerify, hasConfirm, waitMs }: CallPlan,
): Promise<End | undefined> {
  let attempt: SentFact | undefined;
  let isPaid = false;
  const answer = await guard.execute<string>({
    ...{ requestId: name, action: ACTION, payload: { amount: "50.00" }, waitMs },
    run: ({ claim }) => {
      attempt = { name, fencing: claim.fencing };
      facts.sent.push(attempt);
      return provider.pay(process, name, fate).then((receipt) => {
        isPaid = true;
        return receipt;
      });
    },
    ...(hasVerify && { verify: () => provider.read(process, name) }),
    ...(hasConfirm && { confirm: provedBy }),
  });
  const isWritten = !("error" in answer && answer.error instanceof LatchError);
  if (attempt !== undefined && isPaid && isWritten) facts.spoken.push(attempt);
  const { fencing } = answer.claim;
  if (answer.status === "done") return { outcome: "done", result: answer.result, fencing };
  if (answer.status === "rejected") return { outcome: "rejected", result: null, fencing };
  return answer.status === "absent" ? { outcome: "absent", result: null, fencing } : undefined;
}

function provedBy(error: unknown): GuardVerdict {
  if (error instanceof DeclinedError) return { kind: "rejected" };
  return error instanceof UnreachedError ? { kind: "absent" } : { kind: "unknown" };
}

async function own(
  parts: CallerParts,
  name: string,
  { fate, dawdlesMs }: CallPlan,
): Promise<End | undefined> {
  const { guard, process, facts } = parts;
  const payload = { amount: "50.00" };
  const owned = await guard.claim({ requestId: name, action: ACTION, payload });
  if (owned.kind === "settled") {
    const { outcome, result, fencing } = owned.claim;
    return outcome === null ? undefined : { outcome, result, fencing };
  }
  if (owned.kind !== "proceed") return undefined;
  const { token, claim, isReopened } = owned;
  if (isReopened && !(await isStillAbsent(parts, name))) {
    const reason = "the provider does not say that it is absent";
    await again(process, () => guard.doubt({ requestId: name, token, reason }));
    return undefined;
  }
  if (dawdlesMs > 0) await process.clock.sleep(dawdlesMs);
  else if (process.clock.now() >= claim.leaseUntil) return giveBack(parts, name, owned, "too late");
  facts.sent.push({ name, fencing: claim.fencing });
  return payAndSay(parts, name, owned, fate);
}

async function payAndSay(
  parts: CallerParts,
  name: string,
  owned: Owned,
  fate: Fate,
): Promise<End | undefined> {
  const { guard, process, provider, facts } = parts;
  const { token, claim } = owned;
  try {
    const result = await provider.pay(process, name, fate);
    const end = await settle(parts, name, owned, { outcome: "done", result });
    facts.spoken.push({ name, fencing: claim.fencing });
    return end;
  } catch (error) {
    if (error instanceof DeclinedError) {
      return settle(parts, name, owned, { outcome: "rejected", result: null });
    }
    if (error instanceof UnreachedError) return giveBack(parts, name, owned, messageOf(error));
    if (error instanceof LatchError) throw error;
    await again(process, () => guard.doubt({ requestId: name, token, reason: messageOf(error) }));
    return undefined;
  }
}

async function isStillAbsent(parts: CallerParts, name: string): Promise<boolean> {
  return (await read(parts, name)).kind === "absent";
}

/** What cannot be read says nothing. */
function read({ provider, process }: CallerParts, name: string): Promise<GuardVerdict> {
  return provider.read(process, name).catch(() => ({ kind: "unknown" }));
}

async function settle(
  { guard, process }: CallerParts,
  name: string,
  { token }: Owned,
  { outcome, result }: Pick<SettleInput, "outcome" | "result">,
): Promise<End | undefined> {
  const said = { requestId: name, token, outcome, result };
  const answer = await again(process, () => guard.settle(said));
  if (answer.kind !== "settled" || answer.claim.outcome === null) return undefined;
  const { claim } = answer;
  return { outcome: answer.claim.outcome, result: claim.result, fencing: claim.fencing };
}

async function giveBack(
  { guard, process }: CallerParts,
  name: string,
  { token }: Owned,
  evidence: string,
): Promise<End | undefined> {
  const answer = await again(process, () => guard.release({ requestId: name, token, evidence }));
  if (answer.kind !== "released") return undefined;
  return { outcome: "absent", result: null, fencing: answer.claim.fencing };
}

/** Reads only where nobody is at it: what is read while its owner may begin says nothing of after. */
async function look(parts: CallerParts, name: string, { dawdlesMs }: CallPlan): Promise<undefined> {
  const { guard, process } = parts;
  const claim = await guard.get(name);
  const verdict = await read(parts, name);
  await process.clock.sleep(dawdlesMs);
  if (verdict.kind === "done" && claim !== undefined) {
    const said = { requestId: name, outcome: "done", result: verdict.result } as const;
    await again(process, () => guard.settle(said));
  }
  if (verdict.kind === "absent" && claim?.status === "IN_RECONCILIATION") {
    const { fencing } = claim;
    const evidence = "the provider has no such payment";
    await again(process, () => guard.release({ requestId: name, evidence, fencing }));
  }
}

async function testify(
  parts: CallerParts,
  name: string,
  { dawdlesMs }: CallPlan,
): Promise<undefined> {
  const { guard, process } = parts;
  const claim = await guard.get(name);
  if (claim === undefined) return;
  const verdict = await read(parts, name);
  if (verdict.kind === "absent" && claim.status !== "IN_RECONCILIATION") return;
  await process.clock.sleep(dawdlesMs);
  const { fencing } = claim;
  await again(process, () => guard.resolve({ requestId: name, verdict, fencing }));
}

/** Whoever knows how it ended says so again where the store did not take it. */
async function again<Answer>(
  process: SimulatedProcess,
  write: () => Promise<Answer>,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof LatchError) || !error.retryable || tries === TRIES) throw error;
    }
    await process.clock.sleep(PAUSE_MS);
  }
}
