/**
 * Keeps what the page shows up with the sidecar: the state every two seconds, everything else when
 * an event says that something has happened. While the sidecar is away it is asked again and again;
 * what was read last stays on the page, which says how old it is. A sidecar whose start is not
 * over, or whose store is away, does answer: the state says what is wrong with it. One that takes
 * the key no more, or has another account or store than the page was opened on, ends the page.
 */

import { browserNow, pause } from "./browser-time.ts";
import { isAboutAction } from "./model/cause-chain.ts";
import { type ClaimFilter, nameOf } from "./model/claim-line.ts";
import { ageMs, dateOf, laterBy } from "./model/time-text.ts";
import { EMPTY_STATE, type PageStore } from "./page-state.ts";
import type {
  ClaimView,
  IncidentView,
  PositionsView,
  SessionJson,
  StatusView,
} from "./sidecar-answers.ts";
import { Refusal, type SidecarClient } from "./sidecar-client.ts";

const KEY_REFUSED = 401;
/** The state comes at once, or the sidecar stands still. */
const STATUS_WITHIN_MS = 10_000;
const STATUS_EVERY_MS = 2_000;
const POSITIONS_EVERY = 5;
const RETRY_MS = 1_000;
const POSITIONS_WITHIN_MS = 3_000;
/** Events come in bursts: one reading for all of one. */
const SETTLE_MS = 150;
/** Words are looked for once a person has stopped typing. */
const TYPED_MS = 250;
const CLAIMS_SHOWN = 100;
/** A page of them has room for no more. */
const CLAIMS_KEPT = 500;
/** Looks for words that are taken again to keep up what they have found. */
const LOOKS_KEPT = 10;
const OPEN_SHOWN = 100;
/** The sidecar lists no more of them at once. */
const OPEN_SHOWN_MAX = 500;
const RESOLVED_SHOWN = 20;
const CAUSES_READ = 40;

interface ClaimsPage {
  readonly claims: readonly ClaimView[];
  readonly next: string | null;
}
interface IncidentsPage {
  readonly incidents: readonly IncidentView[];
  readonly next: number | null;
}

export class LiveReadings {
  readonly #client: SidecarClient;
  readonly #store: PageStore;
  readonly #over = new AbortController();
  #reading: Promise<void> | undefined;
  #positions: Promise<void> | undefined;
  #isStale = false;
  #isSoon = false;
  /** Something could not be read, and is read again with the next state. */
  #isBehind = false;
  /** The last event that is known of, and the one that was when all was read last. */
  #toldSequence = -1;
  #readSequence = -1;
  /** Pages of claims that a person has asked for, one behind the other. */
  #looks = 1;
  readonly #onEnd: (because: string) => void;
  /** The day that a person has picked; null leaves it to the sidecar. */
  #date: string | null = null;
  #typed = 0;
  #openShown = OPEN_SHOWN;
  /** When the state was read last, by the browser's clock. */
  #readAt = browserNow();
  /** What the page was opened on. */
  #opened: StatusView | undefined;
  /** Which session was meant when it was read. */
  #session = "";

  /** `onEnd`: the page cannot go on with what it shows, and why. */
  constructor(client: SidecarClient, store: PageStore, onEnd: (because: string) => void) {
    this.#client = client;
    this.#store = store;
    this.#onEnd = onEnd;
  }

  /** `status` is the one that the sign-in has read. */
  start(status: StatusView): void {
    this.#store.change(EMPTY_STATE);
    this.#keepStatus(status);
    void this.refresh();
    void this.#watchStatus();
    void this.#followEvents();
  }

  stop(): void {
    this.#over.abort();
  }

  filter(filter: ClaimFilter): void {
    const isTyping = this.#store.state.filter.text !== filter.text && filter.text !== "";
    this.#store.change({ filter });
    this.#looks = 1;
    this.#typed += 1;
    if (isTyping) void this.#readClaimsSoon(this.#typed);
    else void this.#attempt(() => this.#readClaims(CLAIMS_SHOWN));
  }

  /** The next page of claims, behind those that are shown. */
  more(): void {
    const { moreClaims, claims, filter } = this.#store.state;
    if (moreClaims === null) return;
    void this.#attempt(async () => {
      const page = await this.#claimsPage(moreClaims, CLAIMS_SHOWN);
      this.#keep(page.claims);
      const now = this.#store.state;
      if (now.filter !== filter) return;
      this.#looks += 1;
      // What was read anew meanwhile may have another end, and has what is new at its beginning.
      if (now.claims !== claims) return this.#readClaims(claims.length + CLAIMS_SHOWN);
      this.#store.change({ claims: [...claims, ...page.claims], moreClaims: page.next });
    });
  }

  /** Open incidents behind those that are shown: the oldest may be the exit that is stuck. */
  olderIncidents(): void {
    this.#openShown = Math.min(this.#openShown + OPEN_SHOWN, OPEN_SHOWN_MAX);
    void this.refresh();
  }

  /** Shows another day, or with null the session as it goes on. */
  showDay(date: string | null): void {
    this.#date = date;
    if (date === null) this.#store.change({ pickedDay: null });
    void this.#attempt(() => this.#readSession());
  }

  /** Reads everything; whoever asks meanwhile makes it read once more, and waits for that. */
  refresh(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#readUntilFresh().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** The same, and none of it is from before. */
  async refreshAll(): Promise<void> {
    await this.#positions?.catch(() => undefined);
    await this.refresh();
  }

  async #readUntilFresh(): Promise<void> {
    while (this.#isStale && !this.#over.signal.aborted) {
      this.#isStale = false;
      await this.#attempt(() => this.#readAll());
    }
  }

  async #readAll(): Promise<void> {
    this.#isBehind = false;
    const sequence = this.#toldSequence;
    // All of them end before any is read again: an early answer must not come over a later one.
    const readings = await Promise.allSettled([
      this.#readIncidents(),
      this.#readClaims(Math.max(CLAIMS_SHOWN, this.#store.state.claims.length)),
      // The sidecar asks the broker for them, and a broker that is slow keeps back nothing else.
      Promise.race([this.#readPositions(), pause(POSITIONS_WITHIN_MS, this.#over.signal)]),
      // The word at the top must not contradict what stands below it.
      this.#get<StatusView>("/latch/v1/status").then((status) => this.#keepStatus(status)),
      this.#readSession(),
    ]);
    const failed = readings.find((reading) => reading.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    // What has come since may be in none of them.
    this.#readSequence = sequence;
    this.#store.change({ isRead: true, ...(this.#isBehind ? {} : { unread: null }) });
  }

  #keepStatus(status: StatusView): void {
    if (this.#over.signal.aborted) return;
    this.#opened ??= status;
    if (isAnother(status, this.#opened)) {
      this.#end("The sidecar has another account, broker or store than this page was opened on.");
      return;
    }
    // A sidecar knows its account once its start is over.
    if (this.#opened.latch === null) this.#opened = status;
    const { sequence } = status.latch ?? {};
    if (sequence !== undefined) this.#toldSequence = sequence;
    this.#readAt = browserNow();
    this.#store.change({ status });
  }

  /** By the sidecar's clock, whatever the browser's shows. */
  #now(): string {
    const { status } = this.#store.state;
    const now = browserNow();
    return status === null ? now : laterBy(status.now, ageMs(this.#readAt, now));
  }

  #end(because: string): void {
    this.stop();
    this.#onEnd(because);
  }

  async #readSession(): Promise<void> {
    const date = this.#date;
    const meant = meantBy(this.#store.state.status);
    const [session, pickedDay] = await Promise.all([
      this.#get<SessionJson>("/latch/v1/session"),
      date === null ? null : this.#get<SessionJson>(`/latch/v1/session?date=${date}`),
    ]);
    this.#session = meant;
    if (date === this.#date) this.#store.change({ session, pickedDay });
  }

  async #readIncidents(): Promise<void> {
    const path = "/latch/v1/incidents";
    const [open, resolved] = await Promise.all([
      this.#get<IncidentsPage>(`${path}?status=open&limit=${this.#openShown}`),
      this.#get<IncidentsPage>(`${path}?status=resolved&limit=${RESOLVED_SHOWN}`),
    ]);
    await this.#readCauses([...open.incidents, ...resolved.incidents]);
    this.#store.change({
      openIncidents: open.incidents,
      hasOlderOpen: open.next !== null,
      canShowOlder: open.next !== null && this.#openShown < OPEN_SHOWN_MAX,
      resolvedIncidents: resolved.incidents,
      hasOlderResolved: resolved.next !== null,
    });
  }

  /**
   * Causes of open incidents are read anew; those of resolved ones where they are not known. Of
   * more than are read at once those come first that nothing is known of, and what an incident is
   * about: a person acts by it. The next state brings on the others.
   */
  async #readCauses(incidents: readonly IncidentView[]): Promise<void> {
    const { known } = this.#store.state;
    const wanted = new Map(
      incidents
        .filter((incident) => !isAboutAction(incident))
        .flatMap(({ causes, status }) =>
          causes
            .filter((cause) => status === "open" || !known.has(nameOf(cause)))
            .map((cause) => [nameOf(cause), cause] as const),
        ),
    );
    const about = new Set(incidents.map(({ subject }) => subject));
    const rank = (name: string) => (known.has(name) ? (about.has(`claim ${name}`) ? 1 : 2) : 0);
    const ranked = [...wanted].sort(([a], [b]) => rank(a) - rank(b)).map(([, cause]) => cause);
    if (ranked.filter((cause) => !known.has(nameOf(cause))).length > CAUSES_READ) {
      this.#isBehind = true;
    }
    const read = ranked.slice(0, CAUSES_READ).map(({ agent, requestId }) => {
      const query = new URLSearchParams({ requestId, agent, limit: "1" });
      return this.#get<ClaimsPage>(`/latch/v1/claims?${query}`);
    });
    const pages = await Promise.all(read);
    this.#keep(pages.flatMap(({ claims }) => claims));
  }

  async #readClaims(limit: number): Promise<void> {
    const { filter } = this.#store.state;
    const room = Math.min(limit, CLAIMS_KEPT);
    let { claims, next } = await this.#claimsPage(null, room);
    // Words may have been found far behind: what a person has gone back for is looked for again.
    const looks = Math.min(this.#looks, LOOKS_KEPT);
    for (let look = 1; look < looks && next !== null && claims.length < room; look += 1) {
      if (this.#store.state.filter !== filter) return;
      const page: ClaimsPage = await this.#claimsPage(next, room - claims.length);
      claims = [...claims, ...page.claims];
      next = page.next;
    }
    this.#keep(claims);
    // An answer to what was asked before is late.
    if (this.#store.state.filter === filter) this.#store.change({ claims, moreClaims: next });
  }

  async #readClaimsSoon(typed: number): Promise<void> {
    await pause(TYPED_MS, this.#over.signal);
    if (typed === this.#typed) await this.#attempt(() => this.#readClaims(CLAIMS_SHOWN));
  }

  #claimsPage(cursor: string | null, limit: number): Promise<ClaimsPage> {
    const given = { ...this.#store.state.filter, cursor: cursor ?? "", limit: String(limit) };
    const query = new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ""));
    return this.#get<ClaimsPage>(`/latch/v1/claims?${query}`);
  }

  /** One at a time: a slow broker must not take all connections of the browser. */
  #readPositions(): Promise<void> {
    this.#positions ??= this.#get<PositionsView>("/latch/v1/positions")
      .then((positions) => this.#store.change({ positions }))
      .finally(() => {
        this.#positions = undefined;
      });
    return this.#positions;
  }

  #keep(claims: readonly ClaimView[]): void {
    const known = new Map(this.#store.state.known);
    for (const claim of claims) known.set(nameOf(claim), claim);
    this.#store.change({ known });
  }

  async #watchStatus(): Promise<void> {
    const { signal } = this.#over;
    for (let round = 1; !signal.aborted; round += 1) {
      await pause(STATUS_EVERY_MS, signal);
      const askedAt = this.#now();
      const { lost } = this.#store.state;
      const status = await this.#state().catch((error) => this.#lose(error, askedAt));
      if (status === undefined || signal.aborted) continue;
      this.#keepStatus(status);
      this.#store.change({ lost: null });
      // Also what the stream of events has missed.
      const isNew = (status.latch?.sequence ?? this.#readSequence) !== this.#readSequence;
      const isDue = lost !== null || isNew || this.#isBehind || meantBy(status) !== this.#session;
      if (isDue) void this.refresh();
      else if (round % POSITIONS_EVERY === 0 && status.latch !== null)
        void this.#attempt(() => this.#readPositions());
    }
  }

  #state(): Promise<StatusView> {
    const { signal } = this.#over;
    return this.#client.get<StatusView>("/latch/v1/status", signal, STATUS_WITHIN_MS);
  }

  /** The page says since when, and goes on asking. */
  #lose(error: unknown, askedAt: string): undefined {
    if (this.#over.signal.aborted || this.#isRefused(error)) return;
    const since = this.#store.state.lost?.since ?? askedAt;
    const isSilent = !(error instanceof Refusal);
    const because = isSilent ? "no answer from the sidecar" : `no state but ${error.message}`;
    this.#store.change({ lost: { since, now: this.#now(), because } });
  }

  #isRefused(error: unknown): boolean {
    const isRefused = error instanceof Refusal && error.status === KEY_REFUSED;
    if (isRefused) this.#end("The sidecar does not know the key any more.");
    return isRefused;
  }

  async #followEvents(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const sequence = this.#store.state.status?.latch?.sequence;
      if (sequence !== undefined) {
        try {
          for await (const event of this.#client.events(sequence, signal)) {
            this.#toldSequence = Math.max(this.#toldSequence, event.sequence);
            void this.#refreshSoon();
          }
        } catch {
          // The watch over the state says that the sidecar is away.
        }
      }
      await pause(RETRY_MS, signal);
      // It may have been started anew.
      const isCurrent = await this.#client.servesThisPage(signal).catch(() => true);
      if (!isCurrent) this.#store.change({ isOutdated: true });
    }
  }

  async #refreshSoon(): Promise<void> {
    if (this.#isSoon) return;
    this.#isSoon = true;
    await pause(SETTLE_MS, this.#over.signal);
    this.#isSoon = false;
    await this.refresh();
  }

  #get<Body>(path: string): Promise<Body> {
    return this.#client.get<Body>(path, this.#over.signal);
  }

  /** What fails is asked for again later; the page says since when it is old. */
  async #attempt(read: () => Promise<void>): Promise<void> {
    const askedAt = this.#now();
    try {
      await read();
    } catch (error) {
      if (this.#over.signal.aborted || this.#isRefused(error)) return;
      this.#isBehind = true;
      const { isRead, unread } = this.#store.state;
      const since = unread?.since ?? askedAt;
      if (isRead) this.#store.change({ unread: { since, now: this.#now() } });
    }
  }
}

/** Numbers of incidents, and much else, mean another thing there. */
function isAnother({ broker, store, latch }: StatusView, before: StatusView): boolean {
  if (broker.url !== before.broker.url || store.place !== before.store.place) return true;
  return latch !== null && before.latch !== null && latch.account !== before.latch.account;
}

/** It is another one once the day has turned, or the market has opened or closed. */
function meantBy(status: StatusView | null): string {
  if (status === null) return "";
  return `${dateOf(status.now)} ${status.latch?.market?.open ?? ""}`;
}
