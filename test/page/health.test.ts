import { describe, expect, test } from "vitest";
import {
  factsOf,
  headlineOf,
  spokenOf,
  type Unread,
  verdictOn,
} from "../../src/page/model/health.ts";
import type { IncidentView, StatusView } from "../../src/page/sidecar-answers.ts";

const READ: Unread = { lost: null, unread: null, isOutdated: false };
const NOW = "2026-05-21T15:14:10.000Z";
const UNKNOWN = {
  ...{ agent: "momentum", requestId: "r-1", symbol: "SQQQ", quantity: "12" },
  what: "sell 12 SQQQ",
  ...{ openedAt: "2026-05-21T15:14:00.000Z", because: "no answer within 6 s" },
  side: "sell",
} as const;
const LATCH = {
  ...{ account: "account", live: 0, oldestUnresolved: null, openIncidents: 0, sequence: 9 },
  market: { open: true, opensAt: null, closesAt: "2026-05-21T20:00:00.000Z" },
  rateBudget: { remaining: 180, capacity: 200 },
  positionsUnread: null,
  ...{ polledAt: "2026-05-21T15:14:09.000Z", nextDueAt: null },
} as const;
const REST: StatusView = {
  ...{ now: NOW, ready: true, recovery: "done" },
  broker: { url: "http://127.0.0.1:1", kind: "simulated", health: "ok" },
  store: { kind: "sqlite", place: "latch.db", health: "ok" },
  stream: { connected: true, state: "up", since: NOW, lastEventAt: null, behindSince: null },
  operator: { configured: true, shown: true },
  latch: LATCH,
};

function withLatch(part: Partial<NonNullable<StatusView["latch"]>>): StatusView {
  return { ...REST, latch: { ...LATCH, ...part } };
}

describe("the one word", () => {
  const early = { ...UNKNOWN, openedAt: "2026-05-21T15:12:00.000Z" };
  const away = { ...REST.broker, health: "timeout" };
  const down = { ...REST.stream, connected: false, since: "2026-05-21T15:12:00.000Z" };
  const rows: readonly [string, StatusView, string, string][] = [
    ["nothing under way", REST, "at rest", "no order is under way"],
    ["an order at work", withLatch({ live: 1 }), "working", "1 claim under way"],
    [
      "an outcome that is looked for",
      withLatch({ live: 1, oldestUnresolved: UNKNOWN }),
      "working",
      "finding out about sell 12 SQQQ",
    ],
    [
      "an outcome that is looked for too long",
      withLatch({ live: 1, oldestUnresolved: early }),
      "attention",
      "nobody knows about sell 12 SQQQ for 2 min 10 s",
    ],
    [
      "a broker that is away",
      { ...REST, broker: away },
      "attention",
      "the broker is away: timeout",
    ],
    ["a stream that is down", { ...REST, stream: down }, "attention", "no trade updates for"],
    [
      "a stream that blinks",
      { ...REST, stream: { ...down, since: "2026-05-21T15:14:05.000Z" } },
      ...(["at rest", "no order is under way"] as const),
    ],
    [
      "positions that cannot be compared",
      withLatch({ positionsUnread: { since: early.openedAt, because: "HTTP 503" } }),
      "attention",
      "positions cannot be compared for 2 min 10 s: HTTP 503",
    ],
    [
      "positions that one round could not read",
      withLatch({ positionsUnread: { since: UNKNOWN.openedAt, because: "HTTP 503" } }),
      ...(["at rest", "no order is under way"] as const),
    ],
    ["a start under way", { ...REST, latch: null }, "working", "looking up what was not settled"],
    [
      "orders that are not polled",
      withLatch({ live: 1, polledAt: "2026-05-21T15:00:00.000Z" }),
      ...(["attention", "orders were not polled for 14 min 10 s"] as const),
    ],
  ];

  test.each(rows)("for %s", (_, status, word, because) => {
    const verdict = verdictOn(status, READ, []);
    expect(verdict.word).toBe(word);
    expect(verdict.because[0]).toContain(because);
  });

  test("names the incidents that are open, as many as a line has room for", () => {
    const incident = { symbol: "SQQQ", kind: "refused_exit" } as IncidentView;
    const { because } = verdictOn(withLatch({ openIncidents: 1 }), READ, [incident]);
    expect(because[0]).toBe("1 incident open: SQQQ refused exit");
    const many = verdictOn(withLatch({ openIncidents: 4 }), READ, Array(4).fill(incident));
    expect(many.because[0]).toMatch(/^4 incidents open: (?:SQQQ refused exit(?:, )?){3} …$/);
  });

  test("tells first what keeps every order from going out, and how much more there is", () => {
    const status = { ...withLatch({ live: 1, openIncidents: 1, oldestUnresolved: early }) };
    const store = { ...REST.store, health: "moved" };
    const { because } = verdictOn({ ...status, store, broker: away }, READ, []);
    expect(because.slice(0, 2)).toEqual(["the store fails: moved", "the broker is away: timeout"]);
    expect(headlineOf(because)).toBe(`${because.slice(0, 2).join(" · ")} · 2 more`);
    expect(headlineOf(["one", "two"])).toBe("one · two");
  });

  test("is never calm while the sidecar does not answer", () => {
    const lost = {
      ...{ since: "2026-05-21T15:15:00.000Z", now: "2026-05-21T15:16:00.000Z" },
      because: "no answer from the sidecar",
    };
    const { word, because } = verdictOn(REST, { ...READ, lost }, []);
    expect([word, because]).toEqual([
      "attention",
      ["no answer from the sidecar since 11:15:00", "below, as of 11:14:10"],
    ]);
    const nextDay = { ...lost, now: "2026-05-22T15:16:00.000Z" };
    expect(verdictOn(REST, { ...READ, lost: nextDay }, []).because).toEqual([
      "no answer from the sidecar since Thu 21 May 11:15",
      "below, as of Thu 21 May 11:14",
    ]);
  });

  test("is read out once, and not again at each second by which an age has grown", () => {
    const at = (now: string) => spokenOf(verdictOn({ ...REST, stream: down, now }, READ, []));
    expect(at("2026-05-21T15:14:10.000Z")).toBe("attention: no trade updates; orders are polled");
    expect(at("2026-05-21T16:20:12.000Z")).toBe(at("2026-05-21T15:14:10.000Z"));
    const unread = { since: early.openedAt, because: "HTTP 503" };
    const positions = verdictOn(withLatch({ positionsUnread: unread }), READ, []);
    expect(spokenOf(positions)).toBe("attention: positions cannot be compared: HTTP 503");
  });

  test("asks for a new page where the sidecar is of another version", () => {
    const { word, because } = verdictOn(REST, { ...READ, isOutdated: true }, []);
    expect([word, because]).toEqual([
      ...["attention", ["the sidecar is of another version than this page: reload it"]],
    ]);
  });

  test("is not calm either while what is below cannot be read again", () => {
    const unread = { since: NOW, now: NOW };
    const { word, because } = verdictOn(REST, { ...READ, unread }, []);
    expect([word, because]).toEqual([
      "attention",
      ["what is below could not be read again since 11:14:10"],
    ]);
  });
});

test("the line of facts has a value for each thing, and marks what is bad", () => {
  const facts = factsOf(withLatch({ live: 1, oldestUnresolved: UNKNOWN }));
  expect(facts.map(({ name, value, tone }) => [name, value, tone])).toEqual([
    ["Market", "open to 16:00", "good"],
    ["Oldest unresolved", "10 s", "busy"],
    ["Stream", "connected", "good"],
    ["Poll", "1 s ago", "good"],
    ["Rate budget", "180 of 200", "good"],
    ["Broker", "answers", "good"],
    ["Store", "sqlite ok", "good"],
  ]);
});

test("what is unresolved is not known before the start is over", () => {
  const fact = factsOf({ ...REST, latch: null }).find(({ name }) => name === "Oldest unresolved");
  expect(fact).toMatchObject({ value: "not known", tone: "quiet" });
});
