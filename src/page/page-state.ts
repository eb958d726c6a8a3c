/** Everything that the page shows, and how it is told of a change. */

import { type ClaimFilter, NO_FILTER } from "./model/claim-line.ts";
import type { Unread } from "./model/health.ts";
import type {
  ClaimView,
  IncidentView,
  PositionsView,
  SessionJson,
  StatusView,
} from "./sidecar-answers.ts";

export interface PageState extends Unread {
  readonly status: StatusView | null;
  /** Whether all that is below was read once: before that nothing is known of it. */
  readonly isRead: boolean;
  /** The latest ones; of more than a page has room for, the older ones are only counted. */
  readonly openIncidents: readonly IncidentView[];
  readonly hasOlderOpen: boolean;
  /** Whether there is room for some of those. */
  readonly canShowOlder: boolean;
  readonly resolvedIncidents: readonly IncidentView[];
  readonly hasOlderResolved: boolean;
  readonly claims: readonly ClaimView[];
  /** The cursor of further claims. */
  readonly moreClaims: string | null;
  readonly filter: ClaimFilter;
  /** Claims that were read for any reason, by name. */
  readonly known: ReadonlyMap<string, ClaimView>;
  /** The session as it goes on. */
  readonly session: SessionJson | null;
  /** Another day that a person has picked; null while none is. */
  readonly pickedDay: SessionJson | null;
  readonly positions: PositionsView | null;
}

export const EMPTY_STATE: PageState = {
  ...{ status: null, lost: null, unread: null, isOutdated: false, isRead: false },
  ...{ openIncidents: [], hasOlderOpen: false, canShowOlder: false },
  ...{ resolvedIncidents: [], hasOlderResolved: false },
  ...{ claims: [], moreClaims: null, filter: NO_FILTER, known: new Map() },
  ...{ session: null, pickedDay: null, positions: null },
};

type Listener = (state: PageState) => void;

export class PageStore {
  #state = EMPTY_STATE;
  readonly #listeners = new Set<Listener>();

  get state(): PageState {
    return this.#state;
  }

  change(part: Partial<PageState>): void {
    this.#state = { ...this.#state, ...part };
    for (const listener of this.#listeners) listener(this.#state);
  }

  /** Returns what ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
