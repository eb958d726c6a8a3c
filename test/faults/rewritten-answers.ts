/** What the broker says, with something else in its place. */
import type { OpenedSidecar } from "../sidecar/orders-world.ts";

/** From now on every answer reaches the sidecar as `rewrite` leaves it. */
export function rewriteAnswers(sidecar: OpenedSidecar, rewrite: (text: string) => string): void {
  sidecar.answered = (_, answer) => {
    if (answer.status === 204) return answer;
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode(rewrite(await answer.text())));
        controller.close();
      },
    });
    return new Response(body, answer);
  };
}
