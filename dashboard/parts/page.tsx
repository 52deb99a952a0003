/** The head of a page: its name, which gets the focus when somebody comes, and what stands beside it. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  readonly title: string;
  /** One line below: what the page answers. */
  readonly question?: ComponentChildren;
  readonly beside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function PageFrame({ title, question, beside, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Headroom`;
    // At the first page the reader begins at the top of the document.
    if (history.state !== "first") heading.current?.focus({ preventScroll: true });
    history.replaceState(null, "");
    scrollTo(0, 0);
  }, [title]);
  return (
    <>
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {beside}
      </div>
      {question && <p class="question">{question}</p>}
      {children}
    </>
  );
}
