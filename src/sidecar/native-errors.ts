/**
 * What is wrong with a request, in a sentence that names the field and the value received, and the
 * answer to every other failure of a page under `/latch/v1`, in Alpaca's shape.
 */
import type { FastifyError, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { LatchError } from "../core/errors.ts";
import { plainExpectation } from "../core/plain-expectation.ts";
import { alpacaError, type PlainAnswer } from "./alpaca-error.ts";
import { RETRY_AFTER } from "./retry-after.ts";

const SHOWN_CHARACTERS = 200;

/** What the schema found; undefined where the error is another one. */
export function schemaFault(error: unknown, request: FastifyRequest): string | undefined {
  if (!hasZodFastifySchemaValidationErrors(error)) return undefined;
  const [issue] = error.validation;
  const context = (error as FastifyError).validationContext;
  if (issue === undefined) return "the request is not valid";
  const path = issue.instancePath.split("/").filter((name) => name !== "");
  const unknown = (issue.params as { keys?: readonly string[] }).keys;
  const where = path.join(".") || wholeOf(context);
  if (issue.keyword === "unrecognized_keys" && unknown !== undefined) {
    return `unknown field ${unknown.map((name) => JSON.stringify(name)).join(", ")} in ${where}`;
  }
  const received = shown(valueAt(partOf(request, context), path));
  return `${where} is ${received}: ${plainExpectation(issue.message ?? "not valid")}`;
}

/** The answer that tells what it may; undefined leaves it to the server's own handler. */
export function pageFailure(
  error: FastifyError | LatchError,
  request: FastifyRequest,
  quote: (text: string) => string,
): PlainAnswer | undefined {
  const fault = schemaFault(error, request);
  const known = fault === undefined ? error : new LatchError("invalid_query", fault);
  if (!(known instanceof LatchError)) return undefined;
  const { code, hint, httpStatus: status, retryable } = known;
  const name = nameOf(status);
  const headers: Record<string, string> = retryable ? RETRY_AFTER : {};
  const message = quote(known.message);
  const extra = { ...fieldIn(known.cause), error: code, hint };
  return alpacaError(name, { status, message, headers, extra });
}

/** The field that an error is about, where it names one. */
function fieldIn(cause: unknown): { readonly field?: string } {
  const { field } = (cause ?? {}) as { readonly field?: unknown };
  return typeof field === "string" ? { field } : {};
}

function nameOf(status: number) {
  if (status === 404) return "not_found";
  return status < 500 ? "request_malformed" : "internal_error";
}

function wholeOf(context: string | undefined): string {
  return context === "querystring" ? "the query" : `the ${context ?? "request"}`;
}

function partOf(request: FastifyRequest, context: string | undefined): unknown {
  if (context === "querystring") return request.query;
  return context === "params" ? request.params : request.body;
}

function valueAt(whole: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | null | undefined)?.[name],
    whole,
  );
}

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  return (JSON.stringify(value) ?? typeof value).slice(0, SHOWN_CHARACTERS);
}
