/** A question before something is done that hurts. */
import { useEffect, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";

interface Props {
  readonly title: string;
  readonly children: ComponentChildren;
  /** The word on the button that does it. */
  readonly verb: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

export function Confirm({ title, children, verb, onYes, onNo }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onCancel={onNo} aria-labelledby="question">
      <h2 id="question">{title}</h2>
      {children}
      <div class="buttons">
        <button type="button" onClick={onNo} autofocus>
          Leave it
        </button>
        <button type="button" class="strong" onClick={onYes}>
          {verb}
        </button>
      </div>
    </dialog>
  );
}
