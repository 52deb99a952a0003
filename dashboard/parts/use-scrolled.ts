/** How far a frame is scrolled and how large it is, as it changes. */
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

export interface Scrolled {
  readonly scrolled: number;
  readonly height: number;
  readonly width: number;
}

export function useScrolled(frame: RefObject<HTMLElement | null>): Scrolled {
  const state = useSignal<Scrolled>({ scrolled: 0, height: 600, width: 900 });
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const look = (): void => {
      const { scrollTop, clientHeight, clientWidth } = element;
      const last = state.peek();
      if (last.scrolled === scrollTop && last.height === clientHeight && last.width === clientWidth) return;
      state.value = { scrolled: scrollTop, height: clientHeight, width: clientWidth };
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);
  return state.value;
}
