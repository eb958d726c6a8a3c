/** Claims: a live table with filters; a line opens to the whole life of its claim. */

import {
  type ClaimFilter,
  claimLine,
  NO_FILTER,
  nameOf,
  STATE_WORDS,
} from "../model/claim-line.ts";
import { moment } from "../model/time-text.ts";
import type { ClaimView } from "../sidecar-answers.ts";
import type { ClaimKeyView } from "./claim-key.ts";
import { ScrollArea } from "./scroll-area.tsx";

interface ClaimTableProps {
  readonly claims: readonly ClaimView[];
  readonly hasMore: boolean;
  readonly filter: ClaimFilter;
  readonly symbols: readonly string[];
  readonly agents: readonly string[];
  readonly now: string;
  readonly onFilter: (filter: ClaimFilter) => void;
  readonly onMore: () => void;
  readonly onClaim: (claim: ClaimKeyView) => void;
}

export function ClaimTable(props: ClaimTableProps) {
  const { claims, filter, hasMore, now, onMore, onClaim } = props;
  return (
    <section class="panel claims" aria-labelledby="claims-title">
      <h2 id="claims-title">
        Claims{" "}
        <span class="count" role="status">
          {claims.length}
          {hasMore && "+"}
        </span>
      </h2>
      <ClaimFilters {...props} />
      {claims.length === 0 ? (
        <NoClaims {...props} />
      ) : (
        <ScrollArea label="Claims table">
          <table>
            <thead>
              <tr>
                <th scope="col">Claimed</th>
                <th scope="col">Order</th>
                <th scope="col">State</th>
                <th scope="col" class="wide-only">
                  Outcome
                </th>
                <th scope="col" class="number wide-only">
                  Filled
                </th>
                <th scope="col" class="wide-only">
                  Agent
                </th>
                <th scope="col" class="wide-only">
                  Reason
                </th>
                <th scope="col" class="wide-only">
                  Claim
                </th>
              </tr>
            </thead>
            <tbody>
              {claims.map((claim) => (
                <ClaimRow key={nameOf(claim)} claim={claim} now={now} onClaim={onClaim} />
              ))}
            </tbody>
          </table>
        </ScrollArea>
      )}
      {hasMore && (
        <button type="button" class="more" onClick={onMore}>
          {filter.text === "" ? "Older claims" : "Search older claims"}
        </button>
      )}
    </section>
  );
}

function ClaimFilters({ filter, symbols, agents, onFilter }: ClaimTableProps) {
  const states = Object.entries(STATE_WORDS);
  return (
    <search class="filters" aria-label="Filter claims">
      <Choice
        label="State"
        value={filter.status}
        options={states}
        onChange={(status) => onFilter({ ...filter, status })}
      />
      <Choice
        label="Symbol"
        value={filter.symbol}
        options={symbols.map((symbol) => [symbol, symbol] as const)}
        onChange={(symbol) => onFilter({ ...filter, symbol })}
      />
      <Choice
        label="Agent"
        value={filter.agent}
        options={agents.map((agent) => [agent, agent] as const)}
        onChange={(agent) => onFilter({ ...filter, agent })}
      />
      <label class="field grow">
        <span>Text</span>
        <input
          type="search"
          value={filter.text}
          placeholder="id, reason, outcome…"
          onInput={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
        />
      </label>
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">all</option>
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function NoClaims({ filter, hasMore, onFilter }: ClaimTableProps) {
  const isFiltered = Object.values(filter).some((value) => value !== "");
  if (!isFiltered) return <p class="empty">No order has come yet.</p>;
  return (
    <p class="empty">
      {hasMore ? "None of the latest claims fits." : "No claim fits."}{" "}
      <button type="button" onClick={() => onFilter(NO_FILTER)}>
        Show all
      </button>
    </p>
  );
}

interface ClaimRowProps {
  readonly claim: ClaimView;
  readonly now: string;
  readonly onClaim: (claim: ClaimKeyView) => void;
}

function ClaimRow({ claim, now, onClaim }: ClaimRowProps) {
  const line = claimLine(claim);
  const { agent, requestId, intent, claimedAt } = claim;
  return (
    <tr class={line.tone}>
      <td class="time">
        <time dateTime={claimedAt}>{moment(claimedAt, now)}</time>
      </td>
      <td>
        <button type="button" class="open-claim" onClick={() => onClaim({ agent, requestId })}>
          <span class={`glyph ${line.effect}`} aria-hidden="true" />
          {line.what} <span class="quiet">{line.effect}</span>
        </button>
        <span class="narrow-only">
          {line.outcome} {line.filled !== "–" && line.filled}
        </span>
      </td>
      <td>
        <span class={`state ${line.tone}`}>{line.state}</span>
      </td>
      <td class="outcome wide-only">{line.outcome}</td>
      <td class="number wide-only">{line.filled}</td>
      <td class="wide-only">{agent}</td>
      <td class="reason wide-only">{intent.reason ?? "–"}</td>
      <td class="wide-only">
        <code title={requestId}>{requestId.slice(0, 8)}</code>
      </td>
    </tr>
  );
}
