/**
 * The registry of errors, which `docs/ERRORS.md` equals; each code has its entry in the part of it
 * that it belongs to (`errors/`). A message names the value received, the hint what mends it.
 *
 * An expected outcome of an order is never an error but an answer (`PENDING`, `SKIP`, `BLOCKED`).
 */
import { CALL_ERRORS } from "./errors/call-errors.ts";
import { FILE_ERRORS } from "./errors/file-errors.ts";
import { GUARD_ERRORS } from "./errors/guard-errors.ts";
import { OPERATOR_ERRORS } from "./errors/operator-errors.ts";
import { RUN_ERRORS } from "./errors/run-errors.ts";
import { STORE_ERRORS } from "./errors/store-errors.ts";

export const ERRORS = {
  ...CALL_ERRORS,
  ...GUARD_ERRORS,
  ...OPERATOR_ERRORS,
  ...FILE_ERRORS,
  ...STORE_ERRORS,
  ...RUN_ERRORS,
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** A failure that a caller or an operator can act on. Its `cause` is what lay beneath it. */
export class LatchError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LatchError";
    this.code = code;
  }

  get hint(): string {
    return ERRORS[this.code].hint;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  get httpStatus(): number {
    return ERRORS[this.code].httpStatus;
  }

  get exitCode(): 1 | 2 {
    return ERRORS[this.code].exitCode;
  }
}

/** A broken invariant: a bug of ours. It stops what was under way instead of guessing on. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/** A process lives on where the folder that it was started in is deleted; short paths do not. */
export function isFolderGone(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  if (isFolderGone(error)) return "the folder that it is run in was deleted: go to another one";
  return error instanceof Error ? error.message : String(error);
}
