/** The latch's own calls to the broker: counted, and told from what passes through. */
import type { LoggedRequest } from "../../src/simulator/index.ts";

/** Stands in the query of each. */
const OWN_CALL = "own_call";

export function isLatchsOwn({ query }: LoggedRequest): boolean {
  return query[OWN_CALL] !== undefined;
}

export class BrokerCalls {
  underWay = 0;

  readonly fetchApi: typeof fetch = async (input, init) => {
    this.underWay += 1;
    try {
      const url = new URL(String(input));
      url.searchParams.set(OWN_CALL, "1");
      const answer = await fetch(url, init);
      const body = await answer.arrayBuffer();
      const { status, headers } = answer;
      return new Response(body.byteLength === 0 ? null : body, { status, headers });
    } finally {
      this.underWay -= 1;
    }
  };
}
