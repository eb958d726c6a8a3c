/** A feed whose items a driver pushes one by one, at the moments at which they hold. */
import type { Feed, FeedItem, FeedRequest } from "../strategy/feed.ts";

export class PushedFeed implements Feed {
  readonly #items: FeedItem[] = [];
  #isOver = false;
  #wake: (() => void) | undefined;

  push(item: FeedItem): void {
    this.#items.push(item);
    this.#wake?.();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async *items({ signal }: FeedRequest): AsyncIterable<FeedItem> {
    const wake = () => this.#wake?.();
    signal.addEventListener("abort", wake);
    try {
      while (!signal.aborted) {
        const item = this.#items.shift();
        if (item !== undefined) yield item;
        else if (this.#isOver) return;
        else await this.#next();
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
