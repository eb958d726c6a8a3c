/** The top line: the state in one word and why, whose money it is, and the facts behind it. */

import {
  type Fact,
  factsOf,
  headlineOf,
  spokenOf,
  type Unread,
  verdictOn,
} from "../model/health.ts";
import { dayText, timeOfDay } from "../model/time-text.ts";
import type { IncidentView, StatusView } from "../sidecar-answers.ts";

interface TopLineProps {
  readonly status: StatusView;
  readonly unread: Unread;
  readonly incidents: readonly IncidentView[];
}

const MONEY: Readonly<Record<StatusView["broker"]["kind"], string>> = {
  live: "LIVE · real money",
  paper: "PAPER",
  simulated: "SIMULATED",
  other: "NOT ALPACA'S HOST · may be real money",
  none: "ACTIONS ONLY · no broker",
};

export function TopLine({ status, unread, incidents }: TopLineProps) {
  const verdict = verdictOn(status, unread, incidents);
  const { word, because } = verdict;
  const { kind } = status.broker;
  const isRisky = kind === "live" || kind === "other";
  return (
    <header class={isRisky ? "top live" : "top"}>
      {isRisky && <p class="money-band">{MONEY[kind]}</p>}
      <div class="headline">
        <p class="spoken" role="status">
          {spokenOf(verdict)}
        </p>
        <div class={`word ${word.replace(" ", "-")}`}>
          <span class="dot" aria-hidden="true" />
          <strong>{word}</strong>
          <span class="because">{headlineOf(because)}</span>
        </div>
        <div class="whose">
          {!isRisky && <span class="money">{MONEY[kind]}</span>}
          <Account status={status} />
          <time class="clock" dateTime={status.now}>
            {dayText(status.now)} {timeOfDay(status.now)} <abbr title="New York time">NY</abbr>
          </time>
        </div>
      </div>
      <dl class={unread.lost === null ? "facts" : "facts stale"}>
        {factsOf(status).map((fact) => (
          <FactItem key={fact.name} fact={fact} />
        ))}
      </dl>
    </header>
  );
}

function Account({ status: { latch, operator } }: { readonly status: StatusView }) {
  const account = latch?.account ?? null;
  return (
    <>
      <span class="account" title={account ?? ""}>
        {account === null ? "account not known yet" : `account ${account.slice(0, 8)}`}
      </span>
      <span class="role">{operator.shown ? "operator" : "read only"}</span>
    </>
  );
}

function FactItem({ fact: { name, value, tone, hint } }: { readonly fact: Fact }) {
  return (
    <div class={`fact ${tone}`} title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
