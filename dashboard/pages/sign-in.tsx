/** Who may look: an API key, exchanged for a cookie. The key itself is kept nowhere. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useApp } from "../data/app";

export function SignInPage({ message }: { message?: string | undefined }) {
  const app = useApp();
  const trouble = useSignal<string | undefined>(undefined);
  const isAsking = useSignal(false);
  useEffect(() => void (document.title = "Sign in · Headroom"), []);
  const health = app.health.value;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("key") as HTMLInputElement;
    const key = field.value.trim();
    if (key === "") {
      trouble.value = "Give an API key; it begins with hr_.";
      return field.focus();
    }
    isAsking.value = true;
    const answer = await app.signIn(key);
    isAsking.value = false;
    if (answer.kind === "done") return;
    trouble.value =
      answer.kind === "refused" && answer.status === 401 ? "This API key is not known here." : `${answer.message}.`;
    field.focus();
  };
  return (
    <main class="sign-in">
      <h1>Headroom</h1>
      {health?.status === "standby" && (
        <p role="status">
          This runtime stands by: {health.message}.{" "}
          {health.leader && (
            <a href={health.leader} rel="noreferrer">
              Go to the leader, {health.leader}
            </a>
          )}
        </p>
      )}
      {message && <p role="status">{message}</p>}
      <form onSubmit={(event) => void submit(event)} noValidate>
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          autofocus
          aria-describedby="key-help key-trouble"
          aria-invalid={trouble.value !== undefined}
        />
        <p id="key-help" class="quiet">
          The first one stands in the file <code>admin-key</code> of the data folder; with it{" "}
          <code>POST /api/v1/api-keys</code> makes others. The key of a viewer is enough to look.
        </p>
        <p id="key-trouble" role="alert" class="trouble-text">
          {trouble.value}
        </p>
        <button type="submit" class="strong" disabled={isAsking.value}>
          Sign in
        </button>
      </form>
    </main>
  );
}
