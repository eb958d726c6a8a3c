/** Which action a guard client means: by its own id, or by one that is derived as all derive it. */
import { z } from "zod";
import { LatchError } from "../core/errors.ts";
import { actionRef, claimIdWithoutTime } from "../identity/action-ref.ts";
import type { GuardClaimBody } from "./native-guard-schema.ts";

export interface NamedAction {
  readonly requestId: string;
  readonly action: string;
}

/** Throws LatchError `invalid_guard_call` where the body names no action, or two. */
export function namedAction(body: GuardClaimBody): NamedAction {
  const { request_id, action, agent_id, action_type, scope, timestamp } = body;
  if (action !== undefined && action_type !== undefined && action !== action_type) {
    const both = `action is ${JSON.stringify(action)}, action_type ${JSON.stringify(action_type)}`;
    throw new LatchError("invalid_guard_call", `${both}: give one of them`);
  }
  const what = action ?? action_type;
  if (request_id !== undefined) {
    if (what === undefined) throw missing("action", "what request_id names");
    return { requestId: request_id, action: what };
  }
  if (agent_id === undefined || action_type === undefined || scope === undefined) {
    const instead = "or agent_id, action_type and scope, of which it is derived";
    throw missing("request_id", instead);
  }
  const preimage = { agent_id, action_type, scope };
  const requestId =
    timestamp === undefined ? claimIdWithoutTime(preimage) : actionRef({ ...preimage, timestamp });
  return { requestId, action: action_type };
}

function missing(field: string, wanted: string): LatchError {
  return new LatchError("invalid_guard_call", `${field} is missing: expected it, ${wanted}`);
}

export const idInPath = z.strictObject({ request_id: z.string() });

export function notClaimed(requestId: string): LatchError {
  return new LatchError("claim_not_found", `no action was claimed as ${quoted(requestId)}`);
}

export function quoted(text: string | null): string {
  return JSON.stringify(text);
}
