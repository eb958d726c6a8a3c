/** Incidents: what is wrong, how it came to it, what happens next, and what a person may do. */

import { causeChain, kindText } from "../model/cause-chain.ts";
import { type Action, actionsOf } from "../model/incident-actions.ts";
import { nextLook } from "../model/next-look.ts";
import { ageText, moment } from "../model/time-text.ts";
import type {
  ClaimView,
  IncidentView,
  PositionsView,
  SessionJson,
  StatusView,
} from "../sidecar-answers.ts";
import { ChainPicture } from "./chain-picture.tsx";
import type { ClaimKeyView } from "./claim-key.ts";

interface IncidentPanelProps {
  readonly open: readonly IncidentView[];
  /** Whether more are open than these. */
  readonly hasOlder: boolean;
  /** Shows some of those too; null where there is no room. */
  readonly onOlder: (() => void) | null;
  readonly resolved: readonly IncidentView[];
  readonly hasOlderResolved: boolean;
  readonly known: ReadonlyMap<string, ClaimView>;
  readonly session: SessionJson | null;
  readonly positions: PositionsView | null;
  readonly status: StatusView;
  readonly onClaim: (claim: ClaimKeyView) => void;
  readonly onAction: (incident: IncidentView, action: Action) => void;
}

export function IncidentPanel(props: IncidentPanelProps) {
  const { open, hasOlder, onOlder, status } = props;
  const counted = hasOlder ? Math.max(status.latch?.openIncidents ?? 0, open.length) : open.length;
  return (
    <section class="panel incidents" aria-labelledby="incidents-title">
      <h2 id="incidents-title">
        Incidents <span class={counted > 0 ? "count bad" : "count"}>{counted} open</span>
      </h2>
      {open.length === 0 && <p class="empty">Nothing is stuck.</p>}
      {open.map((incident) => (
        <IncidentCard key={incident.id} incident={incident} {...props} />
      ))}
      {hasOlder && (
        <p class="older">
          The latest {open.length} are shown; <code>tradelatch incidents --open</code> lists all.
        </p>
      )}
      {hasOlder && onOlder !== null && (
        <button type="button" class="more" onClick={onOlder}>
          Older incidents
        </button>
      )}
      <ResolvedIncidents {...props} />
    </section>
  );
}

function ResolvedIncidents(props: IncidentPanelProps) {
  const { resolved, hasOlderResolved } = props;
  const [latest] = resolved;
  if (latest === undefined) return null;
  return (
    <details class="resolved">
      <summary>
        {resolved.length}
        {hasOlderResolved && "+"} resolved, latest: {latest.symbol || "an action"}{" "}
        {kindText(latest.kind)}
      </summary>
      {resolved.map((incident) => (
        <IncidentCard key={incident.id} incident={incident} {...props} />
      ))}
      {hasOlderResolved && (
        <p class="older">
          The latest {resolved.length} are shown; <code>tradelatch incidents</code> lists all.
        </p>
      )}
    </details>
  );
}

function IncidentCard({ incident, ...props }: IncidentPanelProps & { incident: IncidentView }) {
  const { known, session, positions, onClaim, onAction } = props;
  const { now } = props.status;
  const { id, symbol, kind, summary, openedAt, status } = incident;
  const actions = actionsOf(incident, known, positions);
  return (
    <article class={`incident-card ${status}`} id={`incident-${id}`} aria-label={`Incident ${id}`}>
      <h3>
        {symbol !== "" && <span class="symbol">{symbol}</span>}
        {symbol !== "" && " "}
        {symbol === "" ? summary : capital(summary)}
      </h3>
      <p class="meta">
        Incident {id} · {kindText(kind)} · opened {moment(openedAt, now)}
        {status === "open" && `, ${ageText(openedAt, now)} ago`}
      </p>
      {status === "open" && <NextStep incident={incident} status={props.status} />}
      {actions.length > 0 && (
        <div class="actions">
          {actions.map((action) => (
            <button type="button" key={action.name} onClick={() => onAction(incident, action)}>
              {action.label}…
            </button>
          ))}
        </div>
      )}
      <ChainPicture nodes={causeChain(incident, known, session)} now={now} onClaim={onClaim} />
      <EvidenceList incident={incident} now={now} />
    </article>
  );
}

interface NextStepProps {
  readonly incident: IncidentView;
  readonly status: StatusView;
}

function NextStep({ incident, status }: NextStepProps) {
  const when = nextLook(incident, status);
  return (
    <p class="next">
      <strong>Next:</strong> {incident.next}
      {when !== null && <span class="quiet">; {when}</span>}
    </p>
  );
}

function EvidenceList({ incident, now }: { incident: IncidentView; now: string }) {
  const { evidence } = incident;
  if (evidence.length === 0) return null;
  return (
    <details class="evidence">
      <summary>Evidence ({evidence.length})</summary>
      <ol>
        {evidence.map(({ at, text }) => (
          <li key={`${at}${text}`}>
            <time dateTime={at}>{moment(at, now)}</time> {text}
          </li>
        ))}
      </ol>
    </details>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
