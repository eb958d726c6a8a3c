/**
 * A log that tells no secret. A client can put a key where an id belongs, and whoever logs the id
 * knows of no key: so every text of a line goes through the mask.
 */
import type { Logger } from "pino";
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
  const masked = (value: unknown) => (typeof value === "string" ? mask.mask(value) : value);
  const log = (line: object) =>
    Object.fromEntries(Object.entries(line).map(([name, value]) => [name, masked(value)]));
  return logger.child({}, { formatters: { log } });
}
