/**
 * A webhook as a Fastify plug-in. Within it, and nowhere else in the program, bodies stay the bytes
 * that came: a signature is over those.
 */
import type { FastifyPluginAsync } from "fastify";
import type { Webhook } from "./webhook.ts";

export interface FastifyWebhookOptions {
  /** The path of the deliveries; behind the prefix that the plug-in is registered with. */
  readonly url: string;
  readonly webhook: Webhook;
  /** Bytes of a body. Default: 1 MiB. */
  readonly bodyLimit?: number;
}

export const WEBHOOK_BODY_MAX = 1_048_576;

/**
 * @example
 * ```ts
 * await app.register(fastifyWebhook, { url: "/stripe", webhook });
 * ```
 */
export const fastifyWebhook: FastifyPluginAsync<FastifyWebhookOptions> = async (app, options) => {
  const { url, webhook, bodyLimit = WEBHOOK_BODY_MAX } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, (_request, body, done) => {
    done(null, body);
  });
  app.post(url, { bodyLimit }, async ({ body, headers }, reply) => {
    const rawBody = body instanceof Uint8Array ? body : new Uint8Array();
    const { status, headers: told, body: text } = await webhook({ rawBody, headers });
    return reply.code(status).headers(told).send(text);
  });
};
