/** Asks for the key; it is kept in memory only, so that closing the page forgets it. */
import { useState } from "preact/hooks";

interface SignInProps {
  /** Why the page that was open has ended; null where none was. */
  readonly notice: string | null;
  /** Resolves with what is wrong; null where nothing is. */
  readonly onKey: (key: string) => Promise<string | null>;
}

export function SignIn({ onKey, notice }: SignInProps) {
  const [problem, setProblem] = useState(notice);
  const [isAsking, setAsking] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    setAsking(true);
    setProblem(await onKey(String(data.get("key") ?? "")));
    setAsking(false);
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit} autocomplete="on">
        <h1>TradeLatch</h1>
        <p>The operator key reads and acts. A bot's secret reads only.</p>
        <input name="user" value="operator" autocomplete="username" hidden readOnly />
        <label for="key">Key</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autofocus
          autocomplete="current-password"
        />
        {problem !== null && (
          <p class="problem" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="primary" disabled={isAsking}>
          {isAsking ? "Asking…" : "Open"}
        </button>
        <p class="quiet small">Kept in this page's memory only; a reload asks again.</p>
      </form>
    </main>
  );
}
