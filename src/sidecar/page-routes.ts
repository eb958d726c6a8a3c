/**
 * `GET /` and `/page/*`: the operator page. It holds no data and needs no key; what it shows it
 * asks for under `/latch/v1` with the key that a person has typed in.
 *
 * Nothing from elsewhere is loaded, nothing is run that is not one of these files, and no other
 * page can frame it. A file's name changes with what it holds, so a browser keeps it for good.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { alpacaError } from "./alpaca-error.ts";
import { type PageFile, type PageFiles, readPageFiles } from "./page-files.ts";
import { PAGE_FILES, PAGE_PATH } from "./route-policy.ts";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  vary: "accept-encoding",
};

const FOR_GOOD = "public, max-age=31536000, immutable";
const ALWAYS_ASKED = "no-cache";

export function addPageRoutes(app: FastifyInstance, read = readPageFiles): void {
  let page: PageFiles | undefined;
  const current = () => {
    page ??= read();
    return page;
  };
  app.get(PAGE_PATH, async (request, reply) => {
    return sendFile(request, reply, current()?.document, ALWAYS_ASKED);
  });
  app.get<{ Params: { name: string } }>(`${PAGE_FILES}:name`, async (request, reply) => {
    return sendFile(request, reply, current()?.files.get(request.params.name), FOR_GOOD);
  });
}

function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: PageFile | undefined,
  caching: string,
): FastifyReply {
  if (file === undefined) {
    const answer = alpacaError("not_found");
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  }
  reply.headers({ ...HEADERS, "cache-control": caching, "content-type": file.contentType });
  if (!takesGzip(request.headers["accept-encoding"])) return reply.send(file.plain);
  return reply.header("content-encoding", "gzip").send(file.gzipped);
}

function takesGzip(accepted: string | string[] | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s*[,;]|$))/i.test(String(accepted ?? ""));
}
