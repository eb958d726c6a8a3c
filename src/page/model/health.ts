/**
 * The state of things in one word, why, and the line of facts behind it. Pure.
 *
 * `attention` is whatever a person has to look at; `working`, that something is under way and needs
 * nobody; `at rest`, that nothing is.
 */
import type { IncidentView, StatusView } from "../sidecar-answers.ts";
import { counted } from "./amount-text.ts";
import { ageMs, ageText, durationText, moment, shortTime } from "./time-text.ts";

export type Word = "at rest" | "working" | "attention";
export type Tone = "good" | "quiet" | "busy" | "bad";

export interface Verdict {
  readonly word: Word;
  /** Why, each in a short sentence; the first one matters most. */
  readonly because: readonly string[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone: Tone;
  /** The longer story. */
  readonly hint: string;
}

/** An outcome that nobody knows for so long is for a person. */
export const UNKNOWN_TOO_LONG_MS = 60_000;
/** A stream that reconnects within it was only blinking. */
const STREAM_BLINK_MS = 30_000;
const POLL_LATE_MS = 60_000;
/** Positions that a single round could not read are compared by the next ones. */
const UNCOMPARED_TOO_LONG_MS = 60_000;
const BUDGET_SHORT = 0.1;
const INCIDENTS_NAMED = 3;
/** Reasons that the line has room for. */
const REASONS_SHOWN = 2;

/** By the sidecar's clock, as far as it is known: the browser's may be another. */
export interface Since {
  readonly since: string;
  readonly now: string;
}

/** Why there is no state of the sidecar's. */
export interface Lost extends Since {
  readonly because: string;
}

const OUTDATED = "the sidecar is of another version than this page: reload it";

/** What the page could not read again. */
export interface Unread {
  /** While the sidecar does not answer, or not with its state. */
  readonly lost: Lost | null;
  /** While it does, and something else of what is shown could not be read. */
  readonly unread: Since | null;
  /** The sidecar is of another version than the page by now. */
  readonly isOutdated: boolean;
}

export function verdictOn(
  status: StatusView,
  { lost, unread, isOutdated }: Unread,
  incidents: readonly IncidentView[],
): Verdict {
  if (lost !== null) {
    const gone = `${lost.because} since ${moment(lost.since, lost.now)}`;
    const asOf = `below, as of ${moment(status.now, lost.now)}`;
    return { word: "attention", because: [gone, asOf] };
  }
  const old = isOutdated ? [OUTDATED] : [];
  const wrong = [...old, ...wrongWith(status, unread, incidents)];
  if (wrong.length > 0) return { word: "attention", because: wrong };
  const { latch } = status;
  if (latch === null) {
    const because = "no orders are taken yet: looking up what was not settled";
    return { word: "working", because: [because] };
  }
  if (latch.live === 0) return { word: "at rest", because: ["no order is under way"] };
  const unknown = latch.oldestUnresolved;
  const looking = unknown === null ? [] : [`finding out about ${unknown.what}`];
  return { word: "working", because: [...looking, `${counted(latch.live, "claim")} under way`] };
}

/** The first reasons, and how many more there are. */
export function headlineOf(because: readonly string[]): string {
  const more = because.length - REASONS_SHOWN;
  const shown = because.slice(0, REASONS_SHOWN);
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(" · ");
}

const AGE = / for (?:\d+ (?:s|min|h|d)\b ?)+/g;

/** For a screen reader: what grows by the second would be read out all the time. */
export function spokenOf({ word, because }: Verdict): string {
  return `${word}: ${headlineOf(because).replace(AGE, "")}`;
}

function wrongWith(
  status: StatusView,
  behind: Unread["unread"],
  incidents: readonly IncidentView[],
): readonly string[] {
  const { store, broker, stream, latch, now } = status;
  const found: string[] = [];
  // No order is taken meanwhile: the line has room for two, and an incident has a place of its own.
  if (store.health !== "ok") found.push(`the store fails: ${store.health}`);
  if (broker.health !== "ok") found.push(`the broker is away: ${broker.health}`);
  if (behind !== null) {
    const since = moment(behind.since, behind.now);
    found.push(`what is below could not be read again since ${since}`);
  }
  const open = latch?.openIncidents ?? 0;
  if (open > 0) found.push(`${counted(open, "incident")} open${namesOf(incidents)}`);
  const unknown = latch?.oldestUnresolved ?? null;
  if (unknown !== null && ageMs(unknown.openedAt, now) >= UNKNOWN_TOO_LONG_MS) {
    found.push(`nobody knows about ${unknown.what} for ${ageText(unknown.openedAt, now)}`);
  }
  const hasStream = broker.kind !== "none";
  if (hasStream && !stream.connected && ageMs(stream.since, now) >= STREAM_BLINK_MS) {
    found.push(`no trade updates for ${ageText(stream.since, now)}; orders are polled`);
  }
  const polledAt = latch?.polledAt ?? null;
  if (latch !== null && latch.live > 0 && polledAt !== null && isLate(polledAt, now)) {
    found.push(`orders were not polled for ${ageText(polledAt, now)}`);
  }
  const unread = latch?.positionsUnread ?? null;
  if (unread !== null && ageMs(unread.since, now) >= UNCOMPARED_TOO_LONG_MS) {
    const age = ageText(unread.since, now);
    found.push(`positions cannot be compared for ${age}: ${unread.because}`);
  }
  return found;
}

/** Which they are, as far as a line has room. */
function namesOf(incidents: readonly IncidentView[]): string {
  const names = incidents.map(({ symbol, kind }) =>
    `${symbol} ${kind.replaceAll("_", " ")}`.trim(),
  );
  const shown = names.slice(0, INCIDENTS_NAMED);
  const more = names.length > shown.length ? " …" : "";
  return names.length === 0 ? "" : `: ${shown.join(", ")}${more}`;
}

function isLate(polledAt: string, now: string): boolean {
  return ageMs(polledAt, now) >= POLL_LATE_MS;
}

function brokerFacts(status: StatusView): readonly Fact[] {
  const { latch, broker } = status;
  const isWell = broker.health === "ok";
  return [
    marketFact(status),
    unresolvedFact(status),
    streamFact(status),
    ...(latch === null ? [] : [pollFact(latch, status.now), budgetFact(latch)]),
    {
      name: "Broker",
      value: isWell ? "answers" : "away",
      tone: isWell ? "good" : "bad",
      hint: isWell ? broker.url : broker.health,
    },
  ];
}

/** The line of facts, most asked for first. */
export function factsOf(status: StatusView): readonly Fact[] {
  return [
    ...(status.broker.kind === "none" ? [] : brokerFacts(status)),
    {
      name: "Store",
      value: status.store.health === "ok" ? `${status.store.kind} ok` : "fails",
      tone: status.store.health === "ok" ? "good" : "bad",
      hint: status.store.health === "ok" ? status.store.place : status.store.health,
    },
  ];
}

function marketFact({ latch, now }: StatusView): Fact {
  const name = "Market";
  const market = latch?.market ?? null;
  if (market === null) {
    return { name, value: "not known", tone: "quiet", hint: "the calendar could not be read" };
  }
  const { open, opensAt, closesAt } = market;
  if (open && closesAt !== null) {
    const left = durationText(Math.max(0, Date.parse(closesAt) - Date.parse(now)));
    return { name, value: `open to ${shortTime(closesAt)}`, tone: "good", hint: `${left} left` };
  }
  const hint = opensAt === null ? "the calendar ends before" : `opens in ${until(opensAt, now)}`;
  return { name, value: open ? "open" : "closed", tone: open ? "good" : "quiet", hint };
}

function until(at: string, now: string): string {
  return durationText(Math.max(0, Date.parse(at) - Date.parse(now)));
}

function unresolvedFact({ latch, now }: StatusView): Fact {
  const name = "Oldest unresolved";
  if (latch === null) {
    return { name, value: "not known", tone: "quiet", hint: "the start is not over" };
  }
  const unknown = latch.oldestUnresolved;
  if (unknown === null) {
    return { name, value: "none", tone: "good", hint: "every outcome is known, or is at work" };
  }
  const isLong = ageMs(unknown.openedAt, now) >= UNKNOWN_TOO_LONG_MS;
  const hint = `${unknown.what}: ${unknown.because ?? "on its way"}`;
  return { name, value: ageText(unknown.openedAt, now), tone: isLong ? "bad" : "busy", hint };
}

function streamFact({ stream, now }: StatusView): Fact {
  const name = "Stream";
  if (stream.connected) {
    const last = stream.lastEventAt;
    const hint = last === null ? "no update yet" : `last update ${ageText(last, now)} ago`;
    return { name, value: "connected", tone: "good", hint };
  }
  const isBlink = ageMs(stream.since, now) < STREAM_BLINK_MS;
  const value = `down ${ageText(stream.since, now)}`;
  const hint = "orders are polled meanwhile";
  return { name, value, tone: isBlink ? "busy" : "bad", hint };
}

type LatchState = NonNullable<StatusView["latch"]>;

function pollFact({ polledAt, live, nextDueAt }: LatchState, now: string): Fact {
  const name = "Poll";
  if (polledAt === null) return { name, value: "not yet", tone: "quiet", hint: "" };
  const isBad = live > 0 && isLate(polledAt, now);
  const hint = nextDueAt === null ? "nothing is at work" : `next in ${until(nextDueAt, now)}`;
  return { name, value: `${ageText(polledAt, now)} ago`, tone: isBad ? "bad" : "good", hint };
}

function budgetFact({ rateBudget: { remaining, capacity } }: LatchState): Fact {
  const isShort = remaining < capacity * BUDGET_SHORT;
  return {
    name: "Rate budget",
    value: `${remaining} of ${capacity}`,
    tone: isShort ? "busy" : "good",
    hint: "requests to the broker that still fit into the last minute",
  };
}
