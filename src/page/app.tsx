/** The page as a whole: what is stuck first, then the session, positions and claims. */
import { useEffect, useErrorBoundary, useState } from "preact/hooks";
import { type ActionAnswer, endingOf } from "./action-ending.ts";
import { LiveReadings } from "./live-readings.ts";
import { nameOf } from "./model/claim-line.ts";
import { type Action, actionsOf } from "./model/incident-actions.ts";
import { EMPTY_STATE, type PageState, type PageStore } from "./page-state.ts";
import type { ClaimLifeView, IncidentView, MarkView, StatusView } from "./sidecar-answers.ts";
import { Refusal, type SidecarClient } from "./sidecar-client.ts";
import { ActionDialog } from "./view/action-dialog.tsx";
import { ClaimDialog } from "./view/claim-dialog.tsx";
import type { ClaimKeyView } from "./view/claim-key.ts";
import { ClaimTable } from "./view/claim-table.tsx";
import { IncidentPanel } from "./view/incident-panel.tsx";
import { PositionPanel } from "./view/position-panel.tsx";
import { SignIn } from "./view/sign-in.tsx";
import { TodayPanel } from "./view/today-panel.tsx";
import { TopLine } from "./view/top-line.tsx";

interface AppProps {
  readonly client: SidecarClient;
  readonly store: PageStore;
}

export function App({ client, store }: AppProps) {
  const [readings, setReadings] = useState<LiveReadings | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [failure] = useErrorBoundary();
  const leave = (because: string) => {
    client.signIn("");
    store.change(EMPTY_STATE);
    setNotice(because);
    setReadings(null);
  };
  const enter = async (key: string): Promise<string | null> => {
    client.signIn(key);
    try {
      const status = await client.get<StatusView>("/latch/v1/status");
      const live = new LiveReadings(client, store, leave);
      live.start(status);
      setReadings(live);
      return null;
    } catch (error) {
      return problemOf(error);
    }
  };
  if (failure !== undefined) return <Failed failure={failure} />;
  if (readings === null) return <SignIn onKey={enter} notice={notice} />;
  return <Overview {...{ client, store, readings }} />;
}

/** What cannot be drawn must not leave on the screen what was drawn before. */
function Failed({ failure }: { readonly failure: unknown }) {
  return (
    <main class="panels">
      <section class="panel" role="alert">
        <p class="problem">This page has failed, and shows nothing any more: reload it.</p>
        <p class="quiet">{String(failure)}</p>
      </section>
    </main>
  );
}

function problemOf(error: unknown): string {
  if (error instanceof Refusal) {
    return error.status === 401 ? "This sidecar does not know that key." : error.message;
  }
  return "The sidecar does not answer.";
}

interface OverviewProps extends AppProps {
  readonly readings: LiveReadings;
}

/** What is open over the page. */
type Opened =
  | { readonly kind: "claim"; readonly claim: ClaimKeyView }
  | { readonly kind: "action"; readonly incident: IncidentView; readonly action: Action };

function Overview({ client, store, readings }: OverviewProps) {
  const [state, setState] = useState(store.state);
  const [opened, setOpened] = useState<Opened | null>(null);
  useEffect(() => store.listen(setState), [store]);
  useEffect(() => () => readings.stop(), [readings]);
  const { status } = state;
  if (status === null) return null;
  const close = () => setOpened(null);
  const onChange = (incident: IncidentView, action: Action) =>
    setOpened((now) => {
      const isIt = now?.kind === "action" && now.incident.id === incident.id;
      return isIt ? { kind: "action", incident, action } : now;
    });
  const onClaim = (claim: ClaimKeyView) => setOpened({ kind: "claim", claim });
  const onPick = (mark: MarkView) => pick(mark, onClaim);
  const onAction = (incident: IncidentView, action: Action) =>
    setOpened({ kind: "action", incident, action });
  // Without one there are no orders, and whatever else the ledger has of some is not shown here.
  const hasBroker = status.broker.kind !== "none";
  return (
    <>
      {hasBroker && (
        <a class="skip" href="#claims-title">
          To the claims
        </a>
      )}
      <TopLine status={status} unread={state} incidents={state.openIncidents} />
      <main class="panels">
        {state.isRead ? (
          <>
            <IncidentPanel
              {...{ onClaim, onAction, known: state.known, status }}
              open={state.openIncidents}
              hasOlder={state.hasOlderOpen}
              onOlder={state.canShowOlder ? () => readings.olderIncidents() : null}
              resolved={state.resolvedIncidents}
              hasOlderResolved={state.hasOlderResolved}
              session={state.session}
              positions={state.positions}
            />
            <TodayPanel
              {...{ session: state.pickedDay ?? state.session, now: status.now, onPick }}
              onDay={(date) => readings.showDay(date)}
              isOpen={status.latch?.market?.open ?? false}
            />
            {hasBroker && (
              <>
                <PositionPanel positions={state.positions} now={status.now} />
                <Claims {...{ state, readings, onClaim, now: status.now }} />
              </>
            )}
          </>
        ) : (
          <section class="panel">
            <p class="empty">{unreadText(status)}</p>
          </section>
        )}
      </main>
      <Over {...{ opened, state, status, client, store, readings, onChange }} onClose={close} />
    </>
  );
}

/** In the place of incidents and claims that nobody has read yet: an empty list would be a word. */
function unreadText({ latch }: StatusView): string {
  if (latch !== null) return "What is on record is being read.";
  return "The sidecar's start is not over: what is on record is shown once it is.";
}

/** A mark leads to its claim, or to its incident. */
function pick({ agent, requestId, incident }: MarkView, onClaim: (claim: ClaimKeyView) => void) {
  if (agent !== null && requestId !== null) onClaim({ agent, requestId });
  else if (incident !== null) revealIncident(incident);
}

function revealIncident(id: number): void {
  const card = document.getElementById(`incident-${id}`);
  card?.closest("details")?.setAttribute("open", "");
  card?.scrollIntoView({ block: "center" });
}

/** An incident and an action on it as they are now; undefined where there is none any more. */
function asItIs({ openIncidents, known, positions }: PageState, of: IncidentView, to: Action) {
  const incident = openIncidents.find(({ id }) => id === of.id);
  const actions = incident === undefined ? [] : actionsOf(incident, known, positions);
  const action = actions.find(({ name }) => name === to.name);
  return incident === undefined || action === undefined ? undefined : { incident, action };
}

interface ClaimsProps {
  readonly state: PageState;
  readonly readings: LiveReadings;
  readonly now: string;
  readonly onClaim: (claim: ClaimKeyView) => void;
}

function Claims({ state, readings, now, onClaim }: ClaimsProps) {
  const { claims, moreClaims, filter, known, positions } = state;
  const seen = [...known.values()];
  const traded = positions?.rows.map(({ symbol }) => symbol) ?? [];
  const symbols = [...new Set([...traded, ...seen.map(({ intent }) => intent.symbol)])].sort();
  const agents = [...new Set(seen.map(({ agent }) => agent))].sort();
  return (
    <ClaimTable
      {...{ claims, filter, symbols, agents, now, onClaim }}
      hasMore={moreClaims !== null}
      onFilter={(next) => readings.filter(next)}
      onMore={() => readings.more()}
    />
  );
}

interface OverProps extends OverviewProps {
  readonly opened: Opened | null;
  readonly state: PageState;
  readonly status: StatusView;
  /** What is to be confirmed is another thing by now. */
  readonly onChange: (incident: IncidentView, action: Action) => void;
  readonly onClose: () => void;
}

function Over(props: OverProps) {
  const { opened, state, status, client, readings, onClose } = props;
  if (opened === null) return null;
  if (opened.kind === "claim") {
    const read = ({ agent, requestId }: ClaimKeyView) => {
      const path = `/latch/v1/claims/${encodeURIComponent(requestId)}/life`;
      return client.get<ClaimLifeView>(`${path}?${new URLSearchParams({ agent })}`);
    };
    // What is over is read once: its life is looked for in the whole log since it began.
    const isOver = state.known.get(nameOf(opened.claim))?.status === "SETTLED";
    const sequence = isOver ? 0 : (state.session?.sequence ?? 0);
    return <ClaimDialog claim={opened.claim} {...{ sequence, read, onClose, now: status.now }} />;
  }
  const { incident, action } = opened;
  const act = async (body: Readonly<Record<string, unknown>>, operatorKey: string) => {
    const path = `/latch/v1/incidents/${incident.id}/${action.name}`;
    const ending = await endingOf(client.post<ActionAnswer>(path, body, operatorKey));
    // Of what may have been done nobody presses the button again before having looked.
    if (ending?.isOpen !== true) void readings.refresh();
    else {
      await readings.refreshAll();
      const found = asItIs(props.store.state, incident, action);
      // What was refused is confirmed again by the numbers as they are now.
      if (found !== undefined) props.onChange(found.incident, found.action);
    }
    return ending;
  };
  const { configured: canAct, shown: hasKey } = status.operator;
  const found = asItIs(state, incident, action);
  return (
    <ActionDialog
      {...{ incident, action, act, canAct, hasKey, onClose, now: status.now }}
      hasMoved={JSON.stringify(found?.action.numbers) !== JSON.stringify(action.numbers)}
      waitsForMarket={status.latch?.market?.open === false && !incident.symbol.includes("/")}
    />
  );
}
