/**
 * The bare minimum of a sidecar: fastify in front, undici behind, nothing between. With a delay it
 * is a line to a broker that takes so long to answer.
 */
import { setTimeout as pause } from "node:timers/promises";
import Fastify from "fastify";
import { Pool } from "undici";

const { upstream, delayMs } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly upstream: string;
  readonly delayMs: number;
};
const pool = new Pool(upstream, { connections: 256, pipelining: 1 });
const app = Fastify({ logger: false });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_, body, done) => done(null, body));
app.all("/*", async (request, reply) => {
  const { method, url, headers } = request;
  const { host: _, connection: __, ...passed } = headers;
  const body = request.body as Buffer | undefined;
  if (delayMs > 0) await pause(delayMs);
  const answer = await pool.request({
    ...{ method: method as "GET", path: url, headers: passed },
    ...(body === undefined || body.length === 0 ? {} : { body }),
  });
  const { connection: ___, "transfer-encoding": ____, ...given } = answer.headers;
  reply.code(answer.statusCode).headers(given);
  return reply.send(answer.body);
});
await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
process.once("disconnect", () => process.exit(0));
process.send?.({ url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}` });
