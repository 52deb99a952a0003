/** What has just been done, and the way back where there is one. */
import { useApp } from "../data/app";

export function Notes() {
  const app = useApp();
  return (
    <div class="notes" role="status" aria-live="polite">
      {app.notes.value.map(({ id, text, isTrouble, undo }) => (
        <div key={id} class={isTrouble ? "note trouble" : "note"}>
          <span>{text}</span>
          {undo && (
            <button
              type="button"
              onClick={() => {
                app.dismiss(id);
                void undo();
              }}
            >
              Undo
            </button>
          )}
          <button type="button" onClick={() => app.dismiss(id)} aria-label="Close this note">
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
