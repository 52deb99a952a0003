/** What to show before there is an answer: nothing is known is another thing than nothing is there. */
import type { ComponentChildren } from "preact";
import type { Reading } from "../data/use-answer";

interface Props<T> {
  readonly reading: Reading<T>;
  readonly children: (body: T) => ComponentChildren;
}

export function Answered<T>({ reading, children }: Props<T>) {
  const { body, refusal } = reading;
  return (
    <>
      {refusal === undefined ? null : (
        <p class="refusal" role="status">
          {body === undefined ? "Not known" : "Not the newest"}: {refusal}.
        </p>
      )}
      {body === undefined ? refusal === undefined && <p class="quiet">Asking …</p> : children(body)}
    </>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}
