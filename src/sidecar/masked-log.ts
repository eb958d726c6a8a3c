/**
 * A log that tells no secret. A client can put a key where an id belongs, and whoever logs the id
 * knows of no key: so every text of a line goes through the mask.
 */
import { type Logger, stdSerializers } from "pino";
import type { ServeConfig } from "../config.ts";
import { SecretMask } from "./secret-mask.ts";

/** Every secret that these settings hold. */
export function secretsOf({ latch, agents, operatorKey }: ServeConfig): readonly string[] {
  const ofBroker = latch.broker === "none" ? [] : [latch.secret];
  const ofOperator = operatorKey === undefined ? [] : [operatorKey];
  return [...ofBroker, ...agents.map(({ secret }) => secret), ...ofOperator];
}

export function maskedLog(logger: Logger, serve: ServeConfig): Logger {
  const mask = new SecretMask(secretsOf(serve));
  const texts = (fields: object) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, masked(value)]));
  const masked = (value: unknown): unknown => {
    if (typeof value === "string") return mask.mask(value);
    // What an error says may be what a client has sent.
    return value instanceof Error ? texts(stdSerializers.err(value)) : value;
  };
  return logger.child({}, { formatters: { log: texts } });
}
