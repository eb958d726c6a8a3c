/** Which day's session is shown: the one before, the one behind, any other, or today's. */
import { useEffect, useRef } from "preact/hooks";
import type { SessionJson } from "../sidecar-answers.ts";

interface DayChoiceProps {
  readonly session: SessionJson;
  readonly onDay: (date: string | null) => void;
}

/** A year that is being typed goes through the first centuries. */
const FIRST_DAY = "2000-01-01";

export function DayChoice({ session, onDay }: DayChoiceProps) {
  const { date, today, earlier, later } = session;
  const input = useRef<HTMLInputElement>(null);
  // Only another session changes what is in it, so that nobody is interrupted who types.
  useEffect(() => {
    if (input.current !== null) input.current.value = date;
  }, [date]);
  return (
    <div class="day-choice">
      <Step to={earlier} name="Earlier session" sign="‹" onDay={onDay} />
      <input
        ref={input}
        type="date"
        aria-label="Day of the session"
        min={FIRST_DAY}
        max={today}
        onChange={({ currentTarget: { value } }) => value >= FIRST_DAY && onDay(value)}
      />
      <Step to={later} name="Later session" sign="›" onDay={onDay} />
      {date !== today && (
        <button type="button" onClick={() => onDay(today)}>
          Today
        </button>
      )}
    </div>
  );
}

interface StepProps extends Pick<DayChoiceProps, "onDay"> {
  readonly to: string | null;
  readonly name: string;
  readonly sign: string;
}

function Step({ to, name, sign, onDay }: StepProps) {
  return (
    <button
      type="button"
      aria-label={name}
      title={name}
      disabled={to === null}
      onClick={() => onDay(to)}
    >
      {sign}
    </button>
  );
}
