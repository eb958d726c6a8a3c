/** The whole life of one claim, from the intent to the events with their hashes. */
import { useEffect, useState } from "preact/hooks";
import { priceText, quantityText } from "../model/amount-text.ts";
import { claimLine } from "../model/claim-line.ts";
import { moment } from "../model/time-text.ts";
import type { ClaimLifeView } from "../sidecar-answers.ts";
import type { ClaimKeyView } from "./claim-key.ts";
import { DialogFrame } from "./dialog-frame.tsx";
import { FieldList } from "./field-list.tsx";

interface ClaimDialogProps {
  readonly claim: ClaimKeyView;
  /** Changes when something has happened: the life is read again. */
  readonly sequence: number;
  readonly now: string;
  readonly read: (claim: ClaimKeyView) => Promise<ClaimLifeView>;
  readonly onClose: () => void;
}

export function ClaimDialog({ claim, sequence, now, read, onClose }: ClaimDialogProps) {
  const [life, setLife] = useState<ClaimLifeView | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    const keep = (value: ClaimLifeView) => {
      if (!isCurrent) return;
      setLife(value);
      setProblem(null);
    };
    const tell = (error: unknown) => {
      if (isCurrent) setProblem(error instanceof Error ? error.message : String(error));
    };
    read(claim).then(keep, tell);
    return () => {
      isCurrent = false;
    };
  }, [claim.agent, claim.requestId, sequence]);
  const title = life === null ? "Claim" : claimLine(life.claim).what;
  return (
    <DialogFrame title={title} onClose={onClose}>
      {problem !== null && (
        <p class="problem" role="alert">
          {life === null ? problem : `What follows is old, it could not be read again: ${problem}`}
        </p>
      )}
      {life !== null && <Life life={life} now={now} />}
      {life === null && problem === null && <p class="quiet">Being read…</p>}
    </DialogFrame>
  );
}

function Life({ life, now }: { readonly life: ClaimLifeView; readonly now: string }) {
  const { claim, identity, attempts, evidence, order, fills, events, cut } = life;
  const line = claimLine(claim);
  return (
    <div class="life">
      <p class="sum">
        <span class={`state ${line.tone}`}>{line.state}</span> {line.outcome}
        {line.filled !== "–" && ` · ${line.filled}`}
      </p>
      <h3>Intent</h3>
      <FieldList value={claim.intent} />
      <h3>Identity</h3>
      <IdentityPart claim={claim} identity={identity} />
      <h3>Attempts</h3>
      <ol class="steps">
        {attempts.map(({ attempt, at, clientOrderId, owner }) => (
          <li key={`${attempt} ${at}`}>
            <time dateTime={at}>{moment(at, now)}</time> attempt {attempt} as{" "}
            <code>{clientOrderId}</code> <span class="quiet">by {owner.slice(0, 8)}</span>
          </li>
        ))}
      </ol>
      <h3>Evidence</h3>
      <ol class="steps">
        {evidence.map(({ at, source, text }, index) => (
          <li key={`${index} ${at}`}>
            <time dateTime={at}>{moment(at, now)}</time>{" "}
            <span class="source">{source.replaceAll("_", " ")}</span> {text}
          </li>
        ))}
        {evidence.length === 0 && <li class="quiet">none yet</li>}
      </ol>
      <h3>The broker's order</h3>
      {order === null ? (
        <p class="quiet">None is known.</p>
      ) : (
        <FieldList value={withTimeOf(order, now)} />
      )}
      <h3>Fills</h3>
      <FillList fills={fills} claim={claim} now={now} />
      <h3>Receipt</h3>
      {claim.receipt === null ? (
        <p class="quiet">Not sealed: it is not over.</p>
      ) : (
        <FieldList value={claim.receipt} />
      )}
      <h3>Events</h3>
      {cut && <p class="quiet">The first and the last ones; the audit has all.</p>}
      <EventList events={events} now={now} />
    </div>
  );
}

/** The market's time, as everywhere on the page. */
function withTimeOf(order: NonNullable<ClaimLifeView["order"]>, now: string) {
  const { submittedAt } = order;
  return typeof submittedAt === "string"
    ? { ...order, submittedAt: moment(submittedAt, now) }
    : order;
}

interface FillListProps extends Pick<ClaimLifeView, "fills" | "claim"> {
  readonly now: string;
}

function FillList({ fills, claim, now }: FillListProps) {
  if (fills.length === 0) {
    return <p class="quiet">{claim.receipt === null ? "None yet." : "None."}</p>;
  }
  return (
    <ol class="steps" aria-label="Fills">
      {fills.map(({ at, source, side, quantity, price }, index) => (
        <li key={`${index} ${at}`}>
          <time dateTime={at}>{moment(at, now)}</time>{" "}
          <span class="source">{source.replaceAll("_", " ")}</span>{" "}
          {side !== claim.intent.side && `${side} `}
          {quantityText(quantity)} @ {priceText(price)}
        </li>
      ))}
    </ol>
  );
}

type IdentityProps = Pick<ClaimLifeView, "claim" | "identity">;

function IdentityPart({ claim, identity: { preimage, proved } }: IdentityProps) {
  const origin = { requestId: claim.requestId, kind: claim.identity, agent: claim.agent };
  return (
    <>
      <FieldList value={{ ...origin, fingerprint: claim.fingerprint }} />
      {preimage === null ? (
        <p class="quiet">The caller gave the id; nothing was hashed.</p>
      ) : (
        <>
          <p class="quiet">
            The id is the SHA-256 of this preimage
            {proved === true ? ", recomputed and equal." : "."}
            {proved === false && <strong class="loss"> Recomputed, it is another one.</strong>}
          </p>
          <pre>{JSON.stringify(preimage, null, 2)}</pre>
        </>
      )}
    </>
  );
}

function EventList({ events, now }: { events: ClaimLifeView["events"]; now: string }) {
  return (
    <ol class="steps events">
      {events.map(({ sequence, at, body, hash, previousHash }) => (
        <li key={sequence}>
          <details>
            <summary>
              <time dateTime={at}>{moment(at, now)}</time> {body.type.replaceAll("_", " ")}{" "}
              <code class="hash" title={`hash ${hash}`}>
                {hash.slice(0, 12)}
              </code>
            </summary>
            <FieldList value={{ sequence, hash, previousHash, ...body }} />
          </details>
        </li>
      ))}
    </ol>
  );
}
