/** Those who want a payment: by `execute`, by hand with a token, or as somebody who only looks. */
import { isQuestionedByLateWord } from "../../../src/claim/decide-guard.ts";
import type { GuardClaim } from "../../../src/claim/guard-claim.ts";
import { LatchError, messageOf } from "../../../src/core/errors.ts";
import { GUARD_ACCOUNT, type OwnerId } from "../../../src/core/ids.ts";
import type {
  Guard,
  GuardClaimAnswer,
  GuardVerdict,
  SettleInput,
} from "../../../src/guard/guard.ts";
import type { Ledger } from "../../../src/ledger/ledger.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { AttemptFact, GuardFacts, SentFact, ToldFact } from "./facts.ts";
import type { CallPlan, StoreStrike } from "./plan.ts";
import { DeclinedError, type Provider, UnreachedError } from "./provider.ts";

export const ACTION = "payment.send";

export interface CallerParts {
  readonly guard: Guard;
  readonly ledger: Pick<Ledger, "incidents" | "resolveIncident">;
  readonly process: SimulatedProcess;
  /** The process's own name in this life. */
  readonly owner: OwnerId;
  readonly provider: Provider;
  readonly facts: GuardFacts;
  /** The store does not take what comes now. */
  readonly strike: (strike: StoreStrike) => void;
}

type Owned = Extract<GuardClaimAnswer, { readonly kind: "proceed" }>;
type End = Omit<ToldFact, "name">;

const TRIES = 5;
const PAUSE_MS = 1_000;
/** So often a person looks whether something is in question. */
const LOOKS = 60;

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
    case "person":
      return decree(parts, name, plan);
  }
}

async function execute(parts: CallerParts, name: string, plan: CallPlan): Promise<End | undefined> {
  const { guard } = parts;
  const { hasVerify, hasConfirm, waitMs, readsMs } = plan;
  let attempt: AttemptFact | undefined;
  try {
    const answer = await guard.execute<string>({
      ...{ requestId: name, action: ACTION, payload: { amount: "50.00" }, waitMs },
      run: ({ claim: { fencing } }) => {
        attempt = begun(parts, { name, fencing }, { isRun: true, isHeardLate: false });
        return request(parts, attempt, plan, plan.worksMs);
      },
      ...(hasVerify && { verify: () => verified(parts, name, readsMs) }),
      ...(hasConfirm && { confirm: provedBy }),
    });
    const { fencing, provenance } = answer.claim;
    const end = { fencing, provenance };
    if (answer.status === "done") return { outcome: "done", result: answer.result, ...end };
    if (answer.status === "rejected") return { outcome: "rejected", result: null, ...end };
    return answer.status === "absent" ? { outcome: "absent", result: null, ...end } : undefined;
  } finally {
    if (attempt !== undefined) attempt.isOver = true;
  }
}

function begun(
  { facts, process, owner }: CallerParts,
  said: SentFact,
  how: Pick<AttemptFact, "isRun" | "isHeardLate">,
): AttemptFact {
  const attempt = { ...said, ...how, process, owner, isSent: false, isOver: false };
  const isBeside = (one: AttemptFact) =>
    one.isRun && !one.isOver && one.owner === owner && one.name === said.name;
  if (how.isRun && facts.attempts.some(isBeside)) facts.beside.push(said);
  facts.attempts.push(attempt);
  return attempt;
}

/** Asks the provider, once; what comes of it may have to wait for the store. */
async function request(
  { process, provider, facts, strike }: CallerParts,
  attempt: AttemptFact,
  { fate, strike: planned }: CallPlan,
  worksMs = 0,
): Promise<string> {
  if (worksMs > 0) await process.clock.sleep(worksMs);
  const { name, fencing } = attempt;
  facts.sent.push({ name, fencing });
  attempt.isSent = true;
  try {
    return await provider.pay(process, { name, fencing }, fate);
  } finally {
    if (planned !== undefined) strike(planned);
  }
}

/** What a verifier has read, and by whom: that is on record with what comes of it. */
export async function verified(
  { provider, process, owner }: Pick<CallerParts, "provider" | "process" | "owner">,
  name: string,
  takesMs: number | undefined,
): Promise<GuardVerdict> {
  const verdict = await provider.read(process, name, takesMs);
  return verdict.kind === "unknown" ? verdict : { ...verdict, evidence: readBy(owner) };
}

/** What a release rests on that a verifier of that process has brought about. */
export function readBy(owner: string): string {
  return `read by a verifier of ${owner}`;
}

/** The same of somebody who looks by itself, and says so by way of that process. */
export function seenIn(owner: string): string {
  return `seen by a witness in ${owner}`;
}

/** Ends the evidence of a release by somebody who had heard of none. */
export const NO_LATE_WORD = "no late word had come";

function provedBy(error: unknown): GuardVerdict {
  if (error instanceof DeclinedError) return { kind: "rejected" };
  return error instanceof UnreachedError ? { kind: "absent" } : { kind: "unknown" };
}

async function own(parts: CallerParts, name: string, plan: CallPlan): Promise<End | undefined> {
  const { guard, process } = parts;
  const { dawdlesMs } = plan;
  const payload = { amount: "50.00" };
  const owned = await guard.claim({ requestId: name, action: ACTION, payload });
  if (owned.kind === "settled") {
    const { outcome, result, fencing, provenance } = owned.claim;
    return outcome === null ? undefined : { outcome, result, fencing, provenance };
  }
  if (owned.kind !== "proceed") return undefined;
  const { token, claim, isReopened } = owned;
  if (isReopened && !(await isStillAbsent(parts, name))) {
    const reason = "the provider does not say that it is absent";
    await again(process, () => guard.doubt({ requestId: name, token, reason }));
    return undefined;
  }
  const isHeardLate = process.clock.now() >= claim.leaseUntil;
  const attempt = begun(parts, { name, fencing: claim.fencing }, { isRun: false, isHeardLate });
  try {
    if (dawdlesMs > 0) await process.clock.sleep(dawdlesMs);
    else if (isHeardLate) {
      attempt.isSent = true;
      return await giveBack(parts, name, owned, "too late");
    }
    return await payAndSay(parts, attempt, owned, plan);
  } finally {
    attempt.isOver = true;
  }
}

async function payAndSay(
  parts: CallerParts,
  attempt: AttemptFact,
  owned: Owned,
  plan: CallPlan,
): Promise<End | undefined> {
  const { guard, process } = parts;
  const { token } = owned;
  const { name } = attempt;
  try {
    const result = await request(parts, attempt, plan);
    return await settle(parts, name, owned, { outcome: "done", result });
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
  const { outcome: onRecord, result: kept, fencing, provenance } = answer.claim;
  return { outcome: onRecord, result: kept, fencing, provenance };
}

async function giveBack(
  { guard, process }: CallerParts,
  name: string,
  { token }: Owned,
  evidence: string,
): Promise<End | undefined> {
  const answer = await again(process, () => guard.release({ requestId: name, token, evidence }));
  if (answer.kind !== "released") return undefined;
  const { fencing, provenance } = answer.claim;
  return { outcome: "absent", result: null, fencing, provenance };
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
    const evidence = "the provider has no such payment";
    const said = { requestId: name, fencing: claim.fencing, ...foundOf(claim, evidence) };
    await again(process, () => guard.release(said));
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
  const seen = await read(parts, name);
  if (seen.kind === "absent" && claim.status !== "IN_RECONCILIATION") return;
  await process.clock.sleep(dawdlesMs);
  const evidence = seenIn(parts.owner);
  const verdict = seen.kind === "unknown" ? seen : { ...seen, evidence };
  const isOfLateWord = isQuestionedByLateWord(claim);
  const said = { requestId: name, verdict, fencing: claim.fencing, isOfLateWord };
  await again(process, () => guard.resolve(said));
}

/** A release by whoever has seen the claim as it stood: a late word may come before it is said. */
function foundOf(claim: GuardClaim, what: string) {
  const isOfLateWord = isQuestionedByLateWord(claim);
  return { isOfLateWord, evidence: isOfLateWord ? what : `${what}; ${NO_LATE_WORD}` };
}

/** Whoever answers for it ends what is in question, by what the provider shows or against it. */
async function decree(
  parts: CallerParts,
  name: string,
  { dawdlesMs, word = "seen" }: CallPlan,
): Promise<undefined> {
  const { guard, ledger, process } = parts;
  let claim = await guard.get(name);
  for (let looks = 1; claim?.status !== "IN_RECONCILIATION"; looks += 1) {
    if (looks === LOOKS) return;
    await process.clock.sleep(PAUSE_MS);
    claim = await guard.get(name);
  }
  const verdict = await read(parts, name);
  await process.clock.sleep(dawdlesMs);
  if (word === "released") {
    const evidence = "somebody says that it was never sent";
    const said = { requestId: name, ...foundOf(claim, evidence) };
    await again(process, () => guard.release(said));
    return;
  }
  const said = word === "seen" ? verdict.kind : word;
  if (said === "unknown") return;
  const ended = { by: "a person", reason: `it is ${said}` } as const;
  const open = await ledger.incidents(GUARD_ACCOUNT, { isOpen: true });
  for (const { id, version, causes } of open) {
    if (!causes.some(({ requestId }) => requestId === name)) continue;
    for (const endClaimAs of [said, null]) {
      const command = { ...ended, version, endClaimAs, now: process.clock.now() };
      await again(process, () => ledger.resolveIncident(GUARD_ACCOUNT, id, command));
    }
  }
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
