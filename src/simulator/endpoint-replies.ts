/** The endpoint over HTTP: hands it what arrived, and sends, cuts or withholds what it says. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiAnswer, ApiRoute } from "./api-route.ts";
import type { Arrival, BrokerEndpoint } from "./broker-endpoint.ts";
import type { Simulation } from "./simulation.ts";

export class EndpointReplies {
  readonly #simulation: Simulation;
  readonly #endpoint: BrokerEndpoint;

  constructor(simulation: Simulation, endpoint: BrokerEndpoint) {
    this.#simulation = simulation;
    this.#endpoint = endpoint;
  }

  async serve(
    handle: ApiRoute["handle"],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const served = await this.#endpoint.serve(handle, arrivalOf(request));
    if (served.kind === "answer") this.#send(reply, served.answer);
    else this.#withhold(served.kind, request, reply);
  }

  /** Notes a request that was turned away before it could be read. */
  turnedAway(request: FastifyRequest, status: number, body: unknown): void {
    this.#endpoint.turnedAway({ ...arrivalOf(request), text: "" }, status, body);
  }

  #send(reply: FastifyReply, { status, body, headers = {} }: ApiAnswer): void {
    // "close" follows an answer that left, and comes as well when its caller has gone away.
    reply.raw.once("close", () => this.#endpoint.answerLeft());
    reply.code(status).headers(headers);
    if (body === undefined) void reply.send();
    else if (typeof body === "string") void reply.type("text/html").send(body);
    else void reply.type("application/json; charset=utf-8").send(JSON.stringify(body));
  }

  #withhold(kind: "drop" | "hang", request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const { socket } = request.raw;
    if (kind === "drop") {
      socket.destroy();
      return;
    }
    const forget = this.#simulation.onRelease(() => socket.destroy());
    socket.once("close", forget);
  }
}

function arrivalOf(request: FastifyRequest): Arrival {
  const [path = ""] = request.url.split("?");
  return {
    method: request.method,
    path,
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string | string[]>,
    text: typeof request.body === "string" ? request.body : "",
    headers: request.headers,
  };
}
