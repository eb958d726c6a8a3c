/** The setting that lists the bots: their keys, their groups, and what differs for each. */
import { z } from "zod";
import type { ClaimPolicy } from "./claim/policy.ts";
import { LatchError } from "./core/errors.ts";
import type { AgentId } from "./core/ids.ts";
import { plainExpectation } from "./core/plain-expectation.ts";
import { duration } from "./setting-duration.ts";

/** A bot's key, the group that it belongs to, and what differs for it from the settings. */
export interface AgentSettings {
  readonly id: string;
  readonly secret: string;
  readonly group: AgentId;
  readonly policy: Partial<Pick<ClaimPolicy, "clientIdIsIdentity" | "dedupeWindowMs">>;
  readonly requireSettlementToken?: boolean | undefined;
}

const agentsSchema = z.array(
  z.strictObject({
    id: z.string().min(1),
    secret: z.string().min(1),
    group: z.string().min(1).max(64),
    clientIdIsIdentity: z.boolean().optional(),
    dedupeWindowMs: duration.optional(),
    requireSettlementToken: z.boolean().optional(),
  }),
);

/**
 * From JSON text that came by the environment's `variable`. Throws LatchError `invalid_option`; the
 * text holds secrets, so no message shows it.
 */
export function readAgents(text: string, variable: string): readonly AgentSettings[] {
  const fault = (reason: string) =>
    new LatchError("invalid_option", `agents (${variable}) is not usable: ${reason}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault("it is not JSON");
  }
  const parsed = agentsSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
    throw fault(`${where}${plainExpectation(issue?.message ?? "not valid")}`);
  }
  return parsed.data.map(({ id, secret, group, requireSettlementToken, ...policy }) => ({
    ...{ id, secret, group: group as AgentId, requireSettlementToken },
    policy: Object.fromEntries(Object.entries(policy).filter(([, one]) => one !== undefined)),
  }));
}
