/**
 * What a tool answers: a sentence for the model, and the same as data. A failure says what was not
 * done, what mends it, and whether the same call may be made again; none of it is a stack trace.
 */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { LatchError } from "../core/errors.ts";

export interface ToolAnswer {
  /** What happened, what did not, and what to do next. */
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** A refusal: the model asked for something that is not done. */
  readonly isError?: boolean;
}

export interface ResultPorts {
  /** Takes secrets out of a text that may quote what a client sent. */
  mask(text: string): string;
  /** Told of failures that are not the client's. */
  onFailure(error: unknown): void;
}

/** What a failure of ours means: an order may be at the broker, a reading has changed nothing. */
export type OnUnexpected = "nothing_changed" | "outcome_unknown";

const UNEXPECTED = {
  nothing_changed: "Something failed in TradeLatch; nothing was changed. Try again.",
  outcome_unknown:
    "Something failed in TradeLatch, and nobody can say from here whether the action was done. " +
    "Do not do it under another request_id: call again with the same one, which does it once.",
} as const;

/** Never rejects. */
export async function toolResult(
  ports: ResultPorts,
  onUnexpected: OnUnexpected,
  work: () => Promise<ToolAnswer>,
): Promise<CallToolResult> {
  try {
    const { message, data, isError = false } = await work();
    const content = [{ type: "text" as const, text: ports.mask(message) }];
    return { content, structuredContent: { ...data, message: ports.mask(message) }, isError };
  } catch (error) {
    return {
      content: [{ type: "text", text: failureText(ports, onUnexpected, error) }],
      isError: true,
    };
  }
}

function failureText(ports: ResultPorts, onUnexpected: OnUnexpected, error: unknown): string {
  if (!(error instanceof LatchError)) {
    ports.onFailure(error);
    return UNEXPECTED[onUnexpected];
  }
  if (error.httpStatus >= 500) ports.onFailure(error);
  const again = error.retryable
    ? "The same call may be made again later."
    : "The same call will fail again until that is mended.";
  return `${error.code}: ${ports.mask(error.message)}. ${error.hint} ${again}`;
}
