/**
 * The settings in force as a page. No secret is in it, and of the broker's key id its end at most.
 * The page is made from a list of fields, so that a setting that comes later is not shown before
 * somebody has thought about it.
 */

import { z } from "zod";
import { DIVERGENCE_POLICIES } from "../claim/policy.ts";
import type { ServeConfig } from "../config.ts";
import { placeOfStore } from "../core/store-place.ts";
import { named } from "./native-schemas.ts";

const MASK = "[redacted]";
const SHOWN_CHARACTERS = 4;
/** A shorter id would be half told by its end. */
const SHOWN_FROM = 12;

const divergencePolicy = z.enum(DIVERGENCE_POLICIES);
const policy = {
  dedupeWindowMs: z.number(),
  sendDeadlineMs: z.number(),
  postDeadlineMs: z.number(),
  absenceWindowMs: z.number(),
  allowShort: z.boolean(),
  clientIdIsIdentity: z.boolean(),
  positionIntent: z.boolean(),
  divergence: z.object({
    phantom: divergencePolicy,
    orphan: divergencePolicy,
    quantity: divergencePolicy,
    side: divergencePolicy,
  }),
};

export const configSchema = named(
  "Config",
  z.object({
    store: z.string(),
    brokerUrl: z.string().describe("`none` where there is no broker."),
    guardLeaseMs: z.number().describe("After so long an action's silent owner has vanished."),
    requireSettlementToken: z.boolean().nullable().describe("Null: not on loopback."),
    host: z.string(),
    port: z.number().int(),
    hosts: z.array(z.string()),
    agent: z.string().describe("The agent group of the broker's own key."),
    keyId: z.string().describe("Masked but for its end."),
    secret: z.literal(MASK),
    waitMs: z.number(),
    requestsPerMinute: z.number().int(),
    policy: z.object(policy),
    agents: z.array(
      z.object({
        id: z.string(),
        group: z.string(),
        secret: z.literal(MASK),
        requireSettlementToken: z.boolean().nullable(),
        policy: z.object(policy).partial().describe("What differs for this agent."),
      }),
    ),
    streamFrames: z.enum(["binary", "text"]),
    logLevel: z.string(),
    backup: z
      .object({ directory: z.string(), keep: z.number().int() })
      .nullable()
      .describe("Null where no copies are made."),
    auditKey: z.string().nullable().describe("Null: the default place."),
    operatorKey: z.literal(MASK).nullable().describe("Null where nobody may act over HTTP."),
  }),
);

export type ConfigPage = z.output<typeof configSchema>;

/** What is not in the settings themselves. */
interface Beside {
  readonly brokerUrl: string;
  readonly logLevel: string;
}

export function configPage(serve: ServeConfig, { brokerUrl, logLevel }: Beside): ConfigPage {
  const { latch, host, port, hosts, agents, streamFrames, operatorKey } = serve;
  const { store, agent, keyId, waitMs, requestsPerMinute, policy, guardLeaseMs } = latch;
  const { backup = null, auditKey = null } = latch;
  return {
    store: placeOfStore(store),
    ...{ brokerUrl, host, port, agent, waitMs, requestsPerMinute, streamFrames, guardLeaseMs },
    ...{ logLevel, auditKey, backup: backup === null ? null : { ...backup } },
    requireSettlementToken: serve.requireSettlementToken ?? null,
    hosts: [...hosts],
    keyId: maskedId(keyId),
    secret: MASK,
    operatorKey: operatorKey === undefined ? null : MASK,
    policy: { ...policy },
    agents: agents.map(({ id, group, policy: own, requireSettlementToken = null }) => ({
      ...{ id, group, requireSettlementToken },
      secret: MASK,
      policy: { ...own },
    })),
  };
}

function maskedId(id: string): string {
  return id.length < SHOWN_FROM ? MASK : `…${id.slice(-SHOWN_CHARACTERS)}`;
}
