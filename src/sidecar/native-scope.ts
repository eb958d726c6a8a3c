/** What the groups of pages under `/latch/v1` are registered with. */
import type { IncomingMessage } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Access, Agent } from "./access.ts";

type RawRequest = IncomingMessage;
type RawReply = import("node:http").ServerResponse;

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a double would change of a number in the body comes as text, to be compared. */
    comparesDigits?: boolean;
  }
}

export interface NativeScope {
  readonly app: FastifyInstance<
    RawServerDefault,
    RawRequest,
    RawReply,
    FastifyBaseLogger,
    ZodTypeProvider
  >;
  /** Whose key came with the request; the front door lets nobody in without one. */
  agentOf(request: IncomingMessage): Agent;
  /** Whether a request shows the operator key. */
  readonly access: Pick<Access, "hasOperator" | "operatorOf">;
  /** Aborts when closing begins. */
  readonly closing: AbortSignal;
}
