/** Identities of actions other than orders, as guard clients in other languages derive them. */
import { canonicalHash } from "./canonical-json.ts";

/** The four fields of an action_ref preimage; `timestamp` is ISO 8601 with milliseconds and Z. */
export interface ActionRefPreimage {
  readonly agent_id: string;
  readonly action_type: string;
  readonly scope: string;
  readonly timestamp: string;
}

/** `SHA-256(JCS(preimage))`: names one action at one time. */
export function actionRef(preimage: ActionRefPreimage): string {
  const { agent_id, action_type, scope, timestamp } = preimage;
  return canonicalHash({ agent_id, action_type, scope, timestamp });
}

/** The same without the time: stable across retries. */
export function claimIdWithoutTime(preimage: Omit<ActionRefPreimage, "timestamp">): string {
  const { agent_id, action_type, scope } = preimage;
  return canonicalHash({ agent_id, action_type, scope });
}
