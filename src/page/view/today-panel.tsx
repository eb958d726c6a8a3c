/** The session of a day: what it came to, and when, symbol by symbol. */

import { axisPriceDigits, dollarsText } from "../model/amount-text.ts";
import { lanesOf, spanOf, textOf } from "../model/session-lanes.ts";
import { dateText, timeOfDay } from "../model/time-text.ts";
import type { MarkView, SessionJson } from "../sidecar-answers.ts";
import { DayChoice } from "./day-choice.tsx";
import { LaneChart } from "./lane-chart.tsx";
import { GLYPHS, type MarkKind } from "./mark-glyph.ts";

interface TodayPanelProps {
  readonly session: SessionJson | null;
  readonly now: string;
  readonly isOpen: boolean;
  readonly onPick: (mark: MarkView) => void;
  /** Another day; null: the session as it goes on. */
  readonly onDay: (date: string | null) => void;
}

export function TodayPanel({ session, now, isOpen, onPick, onDay }: TodayPanelProps) {
  const isToday = session === null || session.date === session.today;
  return (
    <section class="panel today" aria-labelledby="today-title">
      <div class="panel-head">
        <h2 id="today-title">
          {isToday ? "Today" : "Session of"}{" "}
          <span class={isToday ? "count" : "count other-day"}>
            {session === null ? "" : dateText(session.date)}
          </span>
        </h2>
        {session !== null && <DayChoice session={session} onDay={onDay} />}
      </div>
      {session !== null && <TotalList totals={session.totals} />}
      {session !== null && session.marks.length === 0 && <NothingHappened isToday={isToday} />}
      {session !== null && session.marks.length > 0 && (
        <Lanes
          // A chart keeps what was pointed at; another day's begins anew.
          key={session.date}
          {...{ marks: session.marks, now, onPick }}
          isOpen={isOpen && isToday}
        />
      )}
      {session?.cut === true && <p class="quiet">{cutText(session)}</p>}
    </section>
  );
}

/** A number that has stood still must not be taken for the day's. */
function cutText({ totalsCut }: SessionJson): string {
  const more = "The day has more than is shown here.";
  if (!totalsCut) return more;
  return `${more} The numbers are of its first part; the report after the close counts it all.`;
}

function NothingHappened({ isToday }: { readonly isToday: boolean }) {
  return (
    <p class="empty">
      {isToday
        ? "Nothing has happened today. Orders show here as they come."
        : "Nothing happened on this day."}
    </p>
  );
}

type Totals = SessionJson["totals"];

function TotalList({ totals }: { readonly totals: Totals }) {
  const turnedAway = Object.values(totals.intentsBlocked).reduce((sum, one) => sum + one, 0);
  return (
    <dl class="totals">
      <Total name="Orders sent" value={String(totals.ordersSent)} />
      <Total
        name="Duplicates blocked"
        value={String(totals.duplicatesBlocked)}
        more={worthOf(totals)}
        tone="blocked"
      />
      <Total name="Refused by broker" value={String(totals.ordersRefused)} />
      <Total name="Turned away" value={String(turnedAway)} />
      <Total
        name="Incidents"
        value={String(totals.incidentsOpened)}
        more={`${totals.incidentsResolved} resolved`}
        tone={totals.incidentsOpened > totals.incidentsResolved ? "bad" : ""}
      />
    </dl>
  );
}

/** What a close that was never filled would have come to, nobody knows. */
function worthOf({ duplicateNotionalUsd, duplicatesOfUnknownPrice: unknown }: Totals): string {
  const known = `${dollarsText(duplicateNotionalUsd)} USD`;
  return unknown === 0 ? known : `${known} + ${unknown} unpriced`;
}

interface TotalProps {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
  readonly tone?: string;
}

function Total({ name, value, more, tone = "" }: TotalProps) {
  return (
    <div class={value === "0" ? "" : tone}>
      <dt>{name}</dt>
      <dd>
        {value}
        {more !== undefined && <small>{more}</small>}
      </dd>
    </div>
  );
}

interface LanesProps extends Omit<TodayPanelProps, "session" | "onDay"> {
  readonly marks: readonly MarkView[];
}

function Lanes({ marks, now, isOpen, onPick }: LanesProps) {
  const span = spanOf(marks, now, isOpen);
  const lanes = lanesOf(marks, span);
  const prices = lanes.flatMap((lane) => lane.prices.filter((price) => price !== null));
  const priceDigits = axisPriceDigits(prices);
  const kinds = (Object.keys(GLYPHS) as MarkKind[]).filter((kind) =>
    marks.some((mark) => mark.kind === kind),
  );
  return (
    <>
      <div class="lanes">
        {lanes.map((lane, index) => (
          <LaneChart
            key={lane.symbol}
            {...{ lane, span, priceDigits, marks, onPick }}
            isLast={index === lanes.length - 1}
          />
        ))}
      </div>
      <ul class="legend">
        {kinds.map((kind) => (
          <li key={kind}>
            <GlyphSign kind={kind} /> {GLYPHS[kind].name}
            {kind === "fill" && " at its price"}
          </li>
        ))}
        <li>
          <span class="held-sign" aria-hidden="true" /> held
        </li>
      </ul>
      <details class="log">
        <summary>The session as a list ({marks.length})</summary>
        <ol>
          {marks.map((mark) => (
            <li key={mark.sequence}>
              <time dateTime={mark.at}>{timeOfDay(mark.at)}</time> <b>{mark.symbol}</b>{" "}
              {GLYPHS[mark.kind].name}: {textOf(mark)}
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

function GlyphSign({ kind }: { readonly kind: MarkKind }) {
  const { path, isLine } = GLYPHS[kind];
  return (
    <svg class={`sign ${kind}`} viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true">
      <path d={path} class={isLine ? "line" : "area"} />
    </svg>
  );
}
