/** The confirmation of what a person does about an incident; it repeats the numbers. */
import { useState } from "preact/hooks";
import type { Ending } from "../action-ending.ts";
import { quantityText } from "../model/amount-text.ts";
import { type Action, type End, NO_END } from "../model/incident-actions.ts";
import { unreadText } from "../model/time-text.ts";
import type { IncidentView } from "../sidecar-answers.ts";
import { Amount } from "./amount.tsx";
import { DialogFrame } from "./dialog-frame.tsx";

interface ActionDialogProps {
  readonly incident: IncidentView;
  readonly action: Action;
  readonly hasKey: boolean;
  readonly canAct: boolean;
  readonly now: string;
  /** Whether what is held is another by now than what is asked about, or the incident is over. */
  readonly hasMoved: boolean;
  /** Whether the market of what is traded is closed. */
  readonly waitsForMarket: boolean;
  /** Resolves with what the person has to be told; null where it was done. */
  readonly act: (
    body: Readonly<Record<string, unknown>>,
    operatorKey: string,
  ) => Promise<Ending | null>;
  readonly onClose: () => void;
}

export function ActionDialog(props: ActionDialogProps) {
  const { incident, action, hasKey, canAct, now, hasMoved, act, onClose } = props;
  const [ending, setEnding] = useState<Ending | null>(null);
  const [isActing, setActing] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setActing(true);
    const told = await act(bodyOf(incident, action, data), String(data.get("operatorKey") ?? ""));
    if (told === null) onClose();
    setEnding(told);
    setActing(false);
  };
  const canTry = ending === null || ending.isOpen;
  const about = incident.symbol === "" ? "" : `: ${incident.symbol}`;
  const title = `${action.label} incident ${incident.id}${about}`;
  return (
    <DialogFrame title={title} kind="question" isHeld={isActing} onClose={onClose}>
      <form onSubmit={submit}>
        <p class={action.trades ? "effect trades" : "effect"}>{action.effect}</p>
        {action.trades && props.waitsForMarket && (
          <p class="effect trades">
            The market is closed: the order can fill at its next opening at the earliest.
          </p>
        )}
        <Numbers action={action} now={now} />
        {hasMoved && !isActing && canTry && (
          <p class="problem" role="alert">
            This is not how it is any more: cancel, and look at it anew.
          </p>
        )}
        {!canAct && (
          <p class="problem">
            No operator key is set, so nobody may act over HTTP. Set TRADELATCH_OPERATOR_KEY and
            restart the sidecar, or use <code>tradelatch incidents</code> on its machine.
          </p>
        )}
        {action.asksForEnd && <EndChoice ends={action.ends ?? []} />}
        <label class="field">
          <span>Reason</span>
          <input name="reason" required maxLength={1000} autofocus autocomplete="off" />
        </label>
        <label class="field">
          <span>Your name</span>
          <input name="by" maxLength={64} placeholder="operator" autocomplete="name" />
        </label>
        {!hasKey && (
          <label class="field">
            <span>Operator key</span>
            <input name="operatorKey" type="password" required autocomplete="off" />
          </label>
        )}
        {ending !== null && (
          <div class="problem" role="alert">
            <p>{ending.message}</p>
            {ending.hint !== "" && <p>{ending.hint}</p>}
          </div>
        )}
        <div class="actions">
          <button type="button" disabled={isActing} onClick={onClose}>
            {canTry ? "Cancel" : "Back to the page"}
          </button>
          {canTry && (
            <button type="submit" class={action.trades ? "danger" : "primary"} disabled={isActing}>
              {isActing ? "Being done…" : confirmText(incident, action)}
            </button>
          )}
        </div>
      </form>
    </DialogFrame>
  );
}

interface NumbersProps {
  readonly action: Action;
  readonly now: string;
}

function Numbers({ action: { numbers, unread }, now }: NumbersProps) {
  const bookQuantity = (numbers ?? unread)?.bookQuantity;
  if (bookQuantity === undefined) return null;
  const held =
    numbers === null
      ? unreadText(unread?.since ?? null, now)
      : quantityText(numbers.brokerQuantity);
  return (
    <dl class="numbers">
      <div>
        <dt>Book holds</dt>
        <dd>
          <Amount text={quantityText(bookQuantity)} />
        </dd>
      </div>
      <div>
        <dt>Broker holds</dt>
        <dd>
          <Amount text={held} />
        </dd>
      </div>
    </dl>
  );
}

function EndChoice({ ends }: { readonly ends: readonly End[] }) {
  const [chosen, setChosen] = useState("");
  const text = ends.find(({ value }) => value === chosen)?.text;
  return (
    <div class="end">
      <label class="field">
        <span>How the claim ended</span>
        <select
          name="endClaimAs"
          required
          value={chosen}
          onChange={({ currentTarget: { value } }) => setChosen(value)}
        >
          <option value="">choose by what the records show</option>
          {ends.map(({ value, text }) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {/* A list shows no more of it than it has room for. */}
      <output class="quiet">{text}</output>
    </div>
  );
}

function confirmText({ id, symbol }: IncidentView, { name, numbers }: Action): string {
  switch (name) {
    case "adopt":
      return `Book ${quantityText(numbers?.brokerQuantity ?? "")} ${symbol}`;
    case "flatten":
      return `Close ${quantityText(numbers?.brokerQuantity ?? "")} ${symbol} at market`;
    case "resolve":
      return `Resolve incident ${id}`;
  }
}

function bodyOf({ version, openedAt }: IncidentView, action: Action, data: FormData) {
  const { numbers, confirmsNumbers, asksForEnd } = action;
  const by = String(data.get("by") ?? "").trim();
  const end = String(data.get("endClaimAs") ?? "");
  return {
    ...{ version, openedAt, reason: String(data.get("reason") ?? "") },
    ...(by === "" ? {} : { by }),
    ...(confirmsNumbers ? numbers : {}),
    ...(asksForEnd && end !== NO_END ? { endClaimAs: end } : {}),
  };
}
