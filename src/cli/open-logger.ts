/** The log of a command that goes on running, on standard error. */
import type { Logger } from "pino";
import type { LogLevel } from "../config.ts";

/** Lines for people where a terminal is attached, JSON for everything else. */
export async function openLogger(level: LogLevel, areRead: boolean): Promise<Logger> {
  const [{ pino }, { traceFields }, { logStream }] = await Promise.all([
    import("pino"),
    import("../telemetry/log-fields.ts"),
    import("../telemetry/log-stream.ts"),
  ]);
  const options = { name: "tradelatch", level, mixin: traceFields };
  if (!areRead) return pino(options, logStream());
  const { default: pretty } = await import("pino-pretty");
  const ignore = "pid,hostname,name";
  const translateTime = "SYS:HH:MM:ss.l";
  const stream = pretty({ destination: 2, sync: true, singleLine: true, ignore, translateTime });
  return pino(options, stream);
}
