/** Which day's session is shown: the one before, the one behind, any other, or today's. */
import type { SessionJson } from "../sidecar-answers.ts";

interface DayChoiceProps {
  readonly session: SessionJson;
  readonly onDay: (date: string | null) => void;
}

export function DayChoice({ session, onDay }: DayChoiceProps) {
  const { date, today, earlier, later } = session;
  const step = (to: string | null, name: string, sign: string) => (
    <button
      type="button"
      class="step"
      aria-label={name}
      title={name}
      disabled={to === null}
      onClick={() => onDay(to)}
    >
      {sign}
    </button>
  );
  return (
    <div class="day-choice">
      {step(earlier, "Earlier session", "‹")}
      <input
        type="date"
        aria-label="Day of the session"
        value={date}
        max={today}
        onChange={({ currentTarget: { value } }) => value !== "" && onDay(value)}
      />
      {step(later, "Later session", "›")}
      {date !== today && (
        <button type="button" onClick={() => onDay(today)}>
          Today
        </button>
      )}
    </div>
  );
}
